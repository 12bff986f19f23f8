// Cookies of analytics and advertising scripts: set and read by JavaScript in the page, of no interest to the
// application. On a route that does not say otherwise they are hidden from the cache key and from the application
// alike, or every visitor would look different from every other.
//
// As of November 2026. A name stands here when its vendor documents it as first-party and as an identifier, a session or
// a campaign, and nothing on the server is known to choose a page by it. Left out for that reason: cookies of experiments
// and feature flags (Optimizely, VWO, PostHog, _gaexp), of consent banners, of chat widgets, of Adobe's AMCV_ and HubSpot's
// hubspotutk (their servers personalise by them), of bot protection, and names that are too common to be sure of.
//
// Sources, by vendor: Google, "Cookie usage on websites" (developers.google.com/analytics) and "How Google uses cookies"
// (policies.google.com/technologies/cookies); Meta, "fbp and fbc parameters" (developers.facebook.com); Microsoft,
// "Clarity: cookie list" (learn.microsoft.com/clarity) and "UET FAQ" (help.ads.microsoft.com); Matomo, "What are the
// cookies created by the JavaScript tracking client?" (matomo.org/faq); WooCommerce, "Order attribution tracking" and
// Automattic, "Cookies" (automattic.com/cookies); the cookie pages of Hotjar, HubSpot, LinkedIn, TikTok, Pinterest, Snap,
// X, Reddit, Yandex Metrica, Criteo, Quantcast, Segment, Mixpanel, Amplitude, Heap, Snowplow, Datadog, Chartbeat,
// Parse.ly, Contentsquare, Crazy Egg, Inspectlet, FullStory, Kissmetrics and Adobe Analytics.

/** Names, with '*' for any run of characters. */
export const analyticsCookies: readonly string[] = [
  // Google Analytics, Tag Manager, Ads
  '_ga',
  '_ga_*',
  '_gid',
  '_gat',
  '_gat_*',
  '_gac_*',
  '_dc_gtm_*',
  '_gcl_au',
  '_gcl_aw',
  '_gcl_dc',
  '_gcl_gb',
  '_gcl_gf',
  '_gcl_gs',
  '_gcl_ha',
  '__utma',
  '__utmb',
  '__utmc',
  '__utmt',
  '__utmt_*',
  '__utmv',
  '__utmz',
  '__gads',
  '__gpi',
  '__gpi_optout',
  '__eoi',
  // Meta
  '_fbp',
  '_fbc',
  // Microsoft Clarity, Advertising
  '_clck',
  '_clsk',
  '_uetsid',
  '_uetvid',
  '_uetmsclkid',
  // Matomo
  '_pk_id.*',
  '_pk_ses.*',
  '_pk_ref.*',
  '_pk_cvar.*',
  '_pk_hsr.*',
  // WooCommerce order attribution, Jetpack statistics
  'sbjs_*',
  'tk_ai',
  'tk_lr',
  'tk_or',
  'tk_qs',
  'tk_r3d',
  // Hotjar, HubSpot
  '_hj*',
  '__hstc',
  '__hssc',
  '__hssrc',
  // LinkedIn, TikTok, Pinterest, Snap, X, Reddit
  'li_fat_id',
  'ln_or',
  '_ttp',
  '_tt_enable_cookie',
  '_pin_unauth',
  '_derived_epik',
  '_epik',
  '_scid',
  '_scid_r',
  '_sctr',
  '_twpid',
  '_twclid',
  '_rdt_uuid',
  '_rdt_cid',
  // Yandex Metrica
  '_ym_uid',
  '_ym_d',
  '_ym_isad',
  '_ym_visorc',
  '_ym_visorc_*',
  // Criteo, Quantcast
  'cto_bundle',
  'cto_bidid',
  '__qca',
  // Segment, Mixpanel, Amplitude, Heap, Snowplow
  'ajs_anonymous_id',
  'mp_*_mixpanel',
  'AMP_*',
  'amplitude_id*',
  '_hp2_*',
  '_sp_id.*',
  '_sp_ses.*',
  // Datadog, Chartbeat, Parse.ly, Contentsquare
  '_dd_s',
  '_chartbeat2',
  '_chartbeat3',
  '_chartbeat4',
  '_cb',
  '_cb_ls',
  '_cb_svref',
  '_parsely_session',
  '_parsely_visitor',
  '_cs_c',
  '_cs_id',
  '_cs_s',
  '_cs_mk',
  // Crazy Egg, Inspectlet, FullStory, Kissmetrics
  '_ce.*',
  '_CEFT',
  '__insp_*',
  'fs_uid',
  'fs_lua',
  'km_ai',
  'km_lv',
  'km_vs',
  'kvcd',
  // Adobe Analytics
  's_cc',
  's_fid',
  's_sq',
  's_vi',
  's_ppv',
  's_ppvl',
]
