#include "engine/base/utf8.h"

#include "engine/base/mem.h"

/* By number of bytes - 1: the bits that mark a first byte, their mask, the least value. */
static const struct {
	unsigned char mark, mask;
	uint32_t least;
} forms[] = {
	{0x00, 0x80, 0},
	{0xc0, 0xe0, 0x80},
	{0xe0, 0xf0, 0x800},
	{0xf0, 0xf8, 0x10000},
};

static bool is_scalar_value(uint32_t code)
{
	return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code)
{
	const unsigned char *in = (const unsigned char *)bytes;
	size_t more = 0;
	uint32_t code;

	if (!length)
		return 0;
	while (more < ARRAY_SIZE(forms) && (in[0] & forms[more].mask) != forms[more].mark)
		more++;
	if (more == ARRAY_SIZE(forms) || more >= length)
		return 0;
	code = in[0] & (unsigned char)~forms[more].mask;
	for (size_t i = 1; i <= more; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (in[i] & 0x3f);
	}
	if (code < forms[more].least || !is_scalar_value(code))
		return 0;
	*ret_code = code;
	return more + 1;
}

size_t utf8_encode(uint32_t code, char ret_bytes[4])
{
	size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

	for (size_t i = more; i > 0; i--) {
		ret_bytes[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	ret_bytes[0] = (char)(forms[more].mark | code);
	return more + 1;
}

size_t utf8_unfinished(const char *bytes, size_t length)
{
	for (size_t have = 1; have < ARRAY_SIZE(forms) && have <= length; have++) {
		unsigned char first = (unsigned char)bytes[length - have];

		if ((first & 0xc0) == 0x80)
			continue;
		for (size_t more = have; more < ARRAY_SIZE(forms); more++) {
			if ((first & forms[more].mask) == forms[more].mark)
				return have;
		}
		return 0;
	}
	return 0;
}

bool utf8_is_shown(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0x00, 0x1f},	  {0x7f, 0x9f},	    {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	}
	return true;
}
