# A terminal for tests of what a person sees: `. tests/cli/terminal.sh`. It is tmux on a socket of
# its own, which ends with the test; nothing of the person's own settings is read.
#
# WORK is an empty folder; check.sh has been sourced.

screen_socket=$WORK/tmux
screens=0
screen_wait_ds=600 # tenths of a second that something may take to appear

screen_tmux() { tmux -S "$screen_socket" -f /dev/null "$@"; }

# screen_open COLUMNS ROWS COMMAND: what runs in the terminal. Each has a socket of its own: a server
# that was told to end may still answer on the one before.
screen_open() {
    screens=$((screens + 1))
    screen_socket=$WORK/tmux$screens
    screen_tmux new-session -d -x "$1" -y "$2" "$3"
    screen_tmux set-option -g remain-on-exit on >/dev/null
    screen_tmux set-option -g history-limit 5000 >/dev/null
}

screen_close() { screen_tmux kill-server 2>/dev/null; }
trap screen_close EXIT

# type_in TEXT: as it is; press KEY...: by tmux's names (Enter, Tab, Up, C-c)
type_in() { screen_tmux send-keys -l -- "$1"; }
press() { screen_tmux send-keys "$@"; }
enter() {
    type_in "$1"
    press Enter
}

# screen: what is to be seen, without the empty lines below; all of it, what has scrolled away, too
screen() { screen_tmux capture-pane -p -J -S - | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

# seen TEXT: appears it in time? After three things that did not, nothing is waited for any more.
missed=0
seen() {
    local i
    for ((i = 0; i < (missed < 3 ? screen_wait_ds : 10); i++)); do
        [[ $(screen) != *"$1"* ]] || return 0
        sleep 0.1
    done
    missed=$((missed + 1))
    return 1
}

# shows WHAT TEXT: a check that it appears; screen_clear makes sure that it is new
shows() {
    if seen "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  expected to see %s\n  on the screen\n%s\n' "$1" "$2" "$(screen)"
    fi
}

# The screen is empty but for a prompt.
screen_clear() {
    press C-l
    screen_tmux clear-history
    sleep 0.1
}
