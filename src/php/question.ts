// The question that a pool of php-fpm is asked: a PHP script that tells, as one line of JSON, what OPcache and php-fpm
// say of themselves (`opcache_get_status`, `opcache_get_configuration`, `fpm_get_status`), or empties OPcache or one
// entry of it. What is asked for comes as FastCGI parameters, which nobody on the web can set. Pure.
//
// A script it must be: php-fpm executes files only (a URL such as php://input is refused as the main script, and so is
// what does not end as `security.limit_extensions` says), and the one other way, a prepended script by `PHP_VALUE`, would
// stay in the worker for the requests of visitors.
import { digest } from '../base/digest.ts'

/** What a pool is asked to do. */
export type Question =
  | { readonly kind: 'status' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'invalidate'; readonly file: string }

/** Stands before the answer: a site's `auto_prepend_file` may have printed something first. */
export const answerMark = 'MYRIAD-PHP-ANSWER '

/** The script. `getenv` reads the FastCGI parameters whatever `variables_order` says. */
export const questionScript = `<?php
// Asked by Myriad (myriad php). It lies here for one request and may be removed at any time.
while (ob_get_level() > 0) ob_end_clean();
$errors = [];
set_error_handler(function ($level, $text) use (&$errors) { $errors[] = $text; return true; });
ignore_user_abort(true);
$call = function ($name, ...$given) use (&$errors) {
    if (!function_exists($name)) { $errors[] = "$name() is not available"; return null; }
    return $name(...$given);
};
$answer = [
    'php' => PHP_VERSION,
    'pid' => getmypid(),
    'parent' => function_exists('posix_getppid') ? posix_getppid() : null,
    'time' => time(),
    'loaded' => extension_loaded('Zend OPcache'),
];
$file = (string) getenv('MYRIAD_FILE');
switch (getenv('MYRIAD_QUESTION')) {
    case 'reset':
        $answer['done'] = $call('opcache_reset');
        break;
    case 'invalidate':
        // False also for a file that has changed or is gone; the list has its old version, with time 0 once it is dropped.
        $answer['cached'] = $call('opcache_is_script_cached', $file)
            || ($call('opcache_get_status')['scripts'][$file]['timestamp'] ?? 0) > 0;
        $answer['done'] = $answer['cached'] === true ? $call('opcache_invalidate', $file, true) : false;
        break;
    default:
        $answer['status'] = $call('opcache_get_status', false);
        $answer['configuration'] = $call('opcache_get_configuration');
        $answer['cached'] = $call('opcache_is_script_cached', __FILE__);
        $answer['fpm'] = $call('fpm_get_status');
        $states = array_column($answer['fpm']['procs'] ?? [], 'state');
        $answer['idle'] = count(array_keys($states, 'Idle', true));
        $answer['processes'] = count($states);
        unset($answer['fpm']['procs']);
}
$answer['errors'] = $errors;
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo '${answerMark}', json_encode($answer, JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR), "\\n";
exit;
`

/** The script's name: another one for another text, since OPcache may hold what an older Myriad asked. */
export const questionFile = `myriad-${digest(questionScript)}.php`

/** The FastCGI parameters of a question that is put by a script. */
export function questionParams(question: Question, script: string): readonly (readonly [string, string])[] {
  return [
    ...requestParams(`/${questionFile}`),
    ['SCRIPT_FILENAME', script],
    ['MYRIAD_QUESTION', question.kind],
    ...(question.kind === 'invalidate' ? [['MYRIAD_FILE', question.file] as const] : []),
  ]
}

/** The FastCGI parameters that ask for php-fpm's own status page, for which no file is needed. */
export function statusPageParams(path: string): readonly (readonly [string, string])[] {
  return [...requestParams(path, 'json'), ['SCRIPT_FILENAME', path]]
}

function requestParams(path: string, query = ''): readonly (readonly [string, string])[] {
  return [
    ['GATEWAY_INTERFACE', 'CGI/1.1'],
    ['REQUEST_METHOD', 'GET'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SERVER_SOFTWARE', 'myriad'],
    ['REMOTE_ADDR', '127.0.0.1'],
    ['SCRIPT_NAME', path],
    ['REQUEST_URI', query === '' ? path : `${path}?${query}`],
    ['QUERY_STRING', query],
  ]
}
