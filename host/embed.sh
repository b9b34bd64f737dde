#!/bin/sh
# Prints the C source that puts the files named on the command line into the program, NUL-terminated.
# The assembler reads them (.incbin), so that no byte needs escaping.
set -eu
echo '#include "host/embedded.h"'
echo '#include <stddef.h>'
n=0
for file; do
    cat <<EOF
__asm__(".section .rodata\n"
        "embedded_file_$n:\n"
        ".incbin \"$file\"\n"
        "embedded_file_${n}_end:\n"
        ".byte 0\n"
        ".previous\n");
extern const char embedded_file_$n[];
extern const char embedded_file_${n}_end[];
EOF
    n=$((n + 1))
done
echo 'const struct embedded_file embedded_files[] = {'
n=0
for file; do
    echo "    {\"$file\", embedded_file_$n, embedded_file_${n}_end},"
    n=$((n + 1))
done
echo '    {NULL, NULL, NULL},'
echo '};'
