// Query parameters that campaigns, mail programs and advertisers add to the links that lead to a site, so that scripts in
// the page can count where visitors come from. The application has no use for them; each would make a page of its own.
// A route with `cache.ignore: 'tracking'` hides them from the cache key and from the application alike.
//
// As of November 2026. A name stands here when its vendor documents it as added to links for measuring, and it is long or
// odd enough that no application means something else by it. Left out for that reason: `ref`, `source`, `campaign`, `cid`,
// `tag`, `affiliate` and the like, which shops and programs for partners read on the server.
//
// Sources, by vendor: Google, "Custom campaigns: collect data with custom URLs" (support.google.com/analytics/answer/10917952),
// "About the Google click identifier" and "About gbraid and wbraid" (support.google.com/google-ads); Meta, "fbclid"
// (developers.facebook.com, Conversions API parameters); Microsoft, "Microsoft Click ID" (help.ads.microsoft.com); TikTok,
// "About TikTok Click ID" (ads.tiktok.com/help); LinkedIn, "li_fat_id" (learn.microsoft.com/linkedin/marketing); X, "twclid"
// (business.x.com); Pinterest, "epik" (help.pinterest.com); Reddit, "rdt_cid"; Snap, "ScCid"; Yandex, "yclid" and
// "ysclid" (yandex.com/support/metrica); Matomo, "Campaign tracking: URL parameters" (matomo.org/faq); Mailchimp, "mc_cid
// and mc_eid"; HubSpot, "_hsenc and _hsmi" (knowledge.hubspot.com); Marketo, "mkt_tok"; Klaviyo, "_kx"; Adobe Advertising,
// "s_kwcid and ef_id" (experienceleague.adobe.com); Vero, "vero_id".

/** Names, with '*' for any run of characters. */
export const trackingParameters: readonly string[] = [
  // The convention of Urchin, which nearly everybody follows
  'utm_*',
  // Google Ads, Analytics, Shopping
  'gclid',
  'gclsrc',
  'dclid',
  'gbraid',
  'wbraid',
  'gad_source',
  'gad_campaignid',
  'srsltid',
  '_gl',
  '_ga',
  // Meta
  'fbclid',
  'igshid',
  // Microsoft, TikTok, LinkedIn, X, Pinterest, Reddit, Snap, Yandex
  'msclkid',
  'ttclid',
  'li_fat_id',
  'twclid',
  'epik',
  'rdt_cid',
  'ScCid',
  'yclid',
  'ymclid',
  'ysclid',
  '_openstat',
  // Matomo
  'mtm_*',
  'pk_campaign',
  'pk_cid',
  'pk_content',
  'pk_keyword',
  'pk_kwd',
  'pk_medium',
  'pk_source',
  // Mailchimp, HubSpot, Marketo, Klaviyo, Vero
  'mc_cid',
  'mc_eid',
  '_hsenc',
  '_hsmi',
  'mkt_tok',
  '_kx',
  'vero_id',
  // Adobe Advertising
  's_kwcid',
  'ef_id',
]
