/*
 * tsan.c - linked into the programs of MODE=tsan only: ThreadSanitizer follows longjmp() but not
 * the __longjmp_chk() that Debian's liblua was built with. Without this it takes every frame that
 * a Lua error or a yield left for one that is still open, until memory is full.
 */
#undef _FORTIFY_SOURCE
#include <setjmp.h>

_Noreturn void __longjmp_chk(struct __jmp_buf_tag *environment, int value);

_Noreturn void __longjmp_chk(struct __jmp_buf_tag *environment, int value)
{
    longjmp(environment, value);
}
