#!/bin/sh
# Runs as a service beside edge-fer, in the root that in_a_bookworm_root.sh boots: does to the daemon
# what happens to one, and writes what it saw as lines of key=value; it then switches off, but with `stay`.
show() { systemctl show edge-fer.service --property="$1" --value; }
main() { show MainPID; }
said() { journalctl --quiet --unit=edge-fer --output=cat | grep -c "$1"; }

wait_for() { # SECONDS COMMAND...: whether the command comes true in time
    left=$(($1 * 5))
    shift
    while ! "$@" >/dev/null; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.2
    done
}
is_ready() { [ "$(show SubState)" = running ] && [ "$(show StatusText)" != "" ]; }
another_runs() { [ "$(main)" != "$1" ] && is_ready; }
attentive() { show StatusText | grep -q attentive; }
reloaded() { [ "$(said 'low_after_s is 20.0 now')" -gt 0 ]; }

wait_for 30 is_ready && echo ready=yes
wait_for 15 attentive
echo "status=$(show StatusText)"
echo "user=$(ps -o user= -p "$(main)")"
echo "seccomp=$(sed -n 's/^Seccomp:\t//p' "/proc/$(main)/status")"
echo "capabilities=$(sed -n 's/^CapEff:\t//p' "/proc/$(main)/status")"
echo "interfaces=$(nsenter --target "$(main)" --net ls /proc/self/net/ >/dev/null && nsenter --target "$(main)" --net ip -o link | wc -l)"
echo "core=$(sed -n 's/^Max core file size *\([0-9a-z]*\) .*/\1/p' "/proc/$(main)/limits")"

echo "asked=$(edge-fer status --json | tr -d ' \n')"
echo "asked_by_nobody=$(setpriv --reuid nobody --clear-groups --regid nogroup edge-fer status 2>&1)"
echo "field=$(journalctl --quiet --output=verbose EDGE_FER_STATE=attentive | grep -c EDGE_FER_REASON)"
edge-fer doctor --json | tr -d '\n' | sed 's/^/doctor=/'
echo

recorded() { ls /var/lib/edge-fer/recordings/*.efclip; }
wait_for 20 recorded
echo "recordings=$(stat -c '%U %a' /var/lib/edge-fer/recordings /var/lib/edge-fer/recordings/*.efclip | tr '\n' ' ')"
echo "recording=$(edge-fer recording list --key /root/owner.pem)"
echo "recorder=$(edge-fer status | grep '^recording')"

printf '[driver_state]\nlow_after_s = 20\n' >>/etc/edge-fer/config.toml
systemctl reload edge-fer.service
wait_for 10 reloaded && echo reloaded=yes

first=$(main)
kill -KILL "$first"
wait_for 20 another_runs "$first" && echo restarted_after_kill=yes

# The pipeline stands still: the watchdog has to notice.
second=$(main)
kill -STOP "$second"
wait_for 25 another_runs "$second" && echo restarted_after_stop=yes
echo "watchdog=$(journalctl --quiet --unit=edge-fer --output=cat | grep -c -i 'watchdog timeout')"

began=$(date +%s%N)
systemctl stop edge-fer.service
echo "stopped_ms=$((($(date +%s%N) - began) / 1000000))"
echo "result=$(show Result)"
journalctl --quiet --unit=edge-fer --output=cat | sed 's/^/log=/'
echo end=yes
[ "${1:-}" = stay ] || systemctl --no-block poweroff
