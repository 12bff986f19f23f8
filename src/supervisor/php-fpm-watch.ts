// The script that stands between Myriad and php-fpm. php-fpm must end when Myriad ends, however that ends: nobody is told
// when a process is killed, but the pipe to the script's standard input closes. php-fpm makes a session of its own, so that
// Ctrl-C in the terminal reaches Myriad alone, which lets requests finish first.
import { WORKERS_END_SECONDS } from './php-fpm-pool.ts'

const steps = WORKERS_END_SECONDS * 5

/**
 * Runs its arguments as a command. When standard input closes: SIGQUIT (php-fpm lets requests finish), then SIGTERM, then
 * SIGKILL for the whole group. When the command ends by itself: its workers are ended too, which would wait at their
 * socket for ever, and its status is the script's.
 */
const script = `exec 3<&0
"$@" </dev/null 3<&- &
fpm=$!
waits() { n=0; while [ $n -lt $1 ]; do kill -0 $fpm || exit 0; sleep 0.2; n=$((n + 1)); done; }
{
  read -r _ <&3
  kill -QUIT $fpm; waits ${steps}
  kill -TERM $fpm; waits 10
  kill -KILL -$fpm
} >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $fpm
status=$?
kill $watch
kill -KILL -$fpm 2>/dev/null
exit $status`

/** The command line that runs `command` under the script. */
export function watched(command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', script, 'myriad-php-fpm', ...command]
}
