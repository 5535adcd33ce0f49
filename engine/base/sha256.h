/* sha256.h: SHA-256 digests (FIPS 180-4, by libcrypto), as 64 lower-case hex digits.
 *
 * sha256_field() hashes a length before the bytes, so that no two different lists of
 * fields give the same input.
 */
#ifndef ENGINE_BASE_SHA256_H
#define ENGINE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_HEX_SIZE = 65 }; /* 64 digits and a NUL */

struct sha256;

/* A new running digest; sha256_finish() or sha256_free() ends its life. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t length);
/* Length (8 bytes, big endian), then the bytes of text; NULL is told from "". */
void sha256_field(struct sha256 *sha, const char *text);
void sha256_field_bytes(struct sha256 *sha, const void *bytes, size_t length);
/* Writes the digest and frees sha. */
void sha256_finish(struct sha256 *sha, char ret_hex[SHA256_HEX_SIZE]);

/* True when text is 64 lower-case hex digits. */
int sha256_is_hex(const char *text);

#endif
