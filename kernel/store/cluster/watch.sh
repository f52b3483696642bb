# Runs a program that must not outlive the portal; see the package's comment.
#
# $1  the signal that asks the program to stop; KILL: its whole process group
# $2  the server's postmaster.pid, or empty
# $3  a folder to empty and remove once the server has ended, or empty
# then the program and its arguments
#
# Descriptor 3 is a pipe that the portal alone can write to. A line on it says that
# the program has ended and that there is nothing left to do. Its end without a
# line says that the portal is gone.
signal=$1 pidfile=$2 remove=$3
shift 3
program=$$
# Forked twice, so that the watcher is not a child which the server knows nothing of.
( (
	exec </dev/null >/dev/null 2>&1
	cd /
	trap '' HUP INT TERM QUIT
	if read -r word <&3; then exit 0; fi
	if [ "$signal" = KILL ]; then
		kill -s KILL "-$program"
		exit 0
	fi
	kill -s "$signal" "$program"
	tenths=0
	# Both are asked, because the number alone may come to mean another process.
	while [ -n "$pidfile" ] && read -r pid <"$pidfile" && [ "$pid" = "$program" ] && kill -0 "$program"; do
		tenths=$((tenths + 1))
		if [ "$tenths" -eq 300 ]; then kill -s QUIT "$program"; fi
		if [ "$tenths" -eq 600 ]; then exit 0; fi
		sleep 0.1
	done
	if [ -n "$remove" ]; then rm -rf "$remove"/* "$remove"; fi
) & )
exec 3<&-
exec "$@"
