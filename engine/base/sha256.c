#include "engine/base/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

struct sha256 {
	EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *sha = mem_new(sizeof *sha);

	sha->context = EVP_MD_CTX_new();
	if (!sha->context || !EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL))
		abort();
	return sha;
}

void sha256_free(struct sha256 *sha)
{
	if (!sha)
		return;
	EVP_MD_CTX_free(sha->context);
	free(sha);
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t length)
{
	EVP_DigestUpdate(sha->context, bytes, length);
}

void sha256_field_bytes(struct sha256 *sha, const void *bytes, size_t length)
{
	unsigned char size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
	sha256_add(sha, size, sizeof size);
	sha256_add(sha, bytes, length);
}

void sha256_field(struct sha256 *sha, const char *text)
{
	static const unsigned char absent[8] = {255, 255, 255, 255, 255, 255, 255, 255};

	if (text)
		sha256_field_bytes(sha, text, strlen(text));
	else
		sha256_add(sha, absent, sizeof absent);
}

void sha256_finish(struct sha256 *sha, char ret_hex[SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex(sha->context, digest, NULL);
	for (int i = 0; i < 32; i++) {
		ret_hex[2 * i] = digits[digest[i] >> 4];
		ret_hex[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_hex[64] = '\0';
	sha256_free(sha);
}

int sha256_is_hex(const char *text)
{
	return strspn(text, "0123456789abcdef") == 64 && !text[64];
}
