# What the servers' files share. Sourced from the project's root.

# free_port: a port that nobody listens on, nor on the next
free_port() {
    python3 - <<'PY'
import socket
while True:
    one, two = socket.socket(), socket.socket()
    one.bind(("127.0.0.1", 0))
    port = one.getsockname()[1]
    try:
        two.bind(("127.0.0.1", port + 1))
    except OSError:
        continue
    print(port)
    break
PY
}

# answers URL: waits until it does, whatever it says; gives up after a minute
answers() {
    for _ in $(seq 600); do
        ! curl -s -o /dev/null "$1" || return 0
        sleep 0.1
    done
    return 1
}

# stop_by FILE: ends the process whose id is in the file. All of them keep what they have in memory
# only, so none needs time to put it in order.
stop_by() {
    local id
    [ -e "$1" ] || return 0
    id=$(cat "$1")
    kill -KILL "$id" 2>/dev/null
    { wait "$id"; } 2>/dev/null
}
