/*
 * main.c - argv to command. The one place where the host and the bindings meet.
 */
#include <stdio.h>

int main(void)
{
    (void)puts("lunette " LUNETTE_VERSION);
    return 0;
}
