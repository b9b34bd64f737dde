/*
 * enemy.c - a library that ends the process that loads it. tests/layer/run puts it wherever the
 * layer might be made to load one; it needs no C library, so that any compiler builds it.
 */
__attribute__((constructor)) static void attack(void)
{
    __builtin_trap();
}
