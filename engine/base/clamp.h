/* clamp.h: a number within bounds. */
#ifndef ENGINE_BASE_CLAMP_H
#define ENGINE_BASE_CLAMP_H

/* value, or the bound that it is beyond; least must not be greater than most. */
static inline int clamp(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

#endif
