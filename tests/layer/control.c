/*
 * control.c - a static program that leaves the name services as the system has them. It shows
 * tests/layer/run that the hostile system is one: what layer.c prevents happens to this program.
 */
#include <netdb.h>
#include <stddef.h>

int main(void)
{
    struct addrinfo *addresses = NULL;
    return getaddrinfo("missing.test", "443", NULL, &addresses) == EAI_NONAME ? 0 : 1;
}
