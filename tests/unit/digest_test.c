/*
 * digest_test.c - hashes against published vectors (RFC 1321, FIPS 180-4, RFC 2104/4231).
 */
#include "bindings/digest.h"

#include <string.h>

#include "tests/unit/check.h"

static const struct {
    enum digest_kind kind;
    const char *text, *hex;
} vectors[] = {
    {DIGEST_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {DIGEST_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {DIGEST_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {DIGEST_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
};

TEST(digest_matches_published_vectors)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        check_case("'%s'", vectors[i].text);
        unsigned char out[DIGEST_MAX];
        char hex[2 * DIGEST_MAX + 1];
        size_t length = 0;
        struct error err;
        CHECK(digest_compute(vectors[i].kind, vectors[i].text, strlen(vectors[i].text), out,
                             &length, &err));
        digest_hex(out, length, hex);
        CHECK_TEXT(hex, vectors[i].hex);
    }
}

TEST(digest_hmac_matches_rfc_4231)
{
    unsigned char out[DIGEST_MAX];
    char hex[2 * DIGEST_MAX + 1];
    size_t length = 0;
    struct error err;
    const char *text = "what do ya want for nothing?";
    CHECK(digest_hmac(DIGEST_SHA256, "Jefe", 4, text, strlen(text), out, &length, &err));
    digest_hex(out, length, hex);
    CHECK_TEXT(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(digest_random_differs)
{
    unsigned char first[16] = {0}, second[16] = {0};
    struct error err;
    CHECK(digest_random(first, sizeof first, &err) && digest_random(second, sizeof second, &err));
    CHECK(memcmp(first, second, sizeof first) != 0);
}
