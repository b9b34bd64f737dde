/*
 * loopback.c - makes a server listen on loopback only: LD_PRELOAD for DynamoDB Local, which listens
 * on every interface and has no option against it. Java binds IPv6 sockets, which serve IPv4 too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int bind_function(int, const struct sockaddr *, socklen_t);

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header's are reserved
int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    static const unsigned char loopback[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
    bind_function *next = (bind_function *)dlsym(RTLD_NEXT, "bind");
    struct sockaddr_in6 changed = {0};
    if (address->sa_family != AF_INET6 || length < sizeof changed) {
        return next(fd, address, length);
    }
    memcpy(&changed, address, sizeof changed);
    memcpy(&changed.sin6_addr, loopback, sizeof loopback);
    return next(fd, (const struct sockaddr *)&changed, sizeof changed);
}
