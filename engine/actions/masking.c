#include "engine/actions/masking.h"

#include <stdlib.h>

#include "engine/base/mem.h"

struct masking {
	struct mask *mask;
	struct loop *loop;
	struct loop_timer *pause; /* NULL while nothing is kept back that a pause would give out */
	struct buf decided;
	void (*output)(void *data, const char *bytes, size_t length);
	void *data;
};

struct masking *masking_new(struct mask_texts *texts, struct loop *loop,
			    void (*output)(void *data, const char *bytes, size_t length),
			    void *data)
{
	struct masking *masking = mem_new(sizeof *masking);

	*masking = (struct masking){
		.mask = mask_new(texts), .loop = loop, .output = output, .data = data};
	buf_init(&masking->decided);
	return masking;
}

void masking_free(struct masking *masking)
{
	if (!masking)
		return;
	loop_timer_remove(&masking->pause);
	mask_free(masking->mask);
	buf_release(&masking->decided);
	free(masking);
}

static void give_out(struct masking *masking)
{
	if (masking->decided.len)
		masking->output(masking->data, masking->decided.data, masking->decided.len);
	buf_clear(&masking->decided);
}

static void on_pause(void *data)
{
	struct masking *masking = data;

	masking->pause = NULL;
	mask_pause(masking->mask, &masking->decided);
	give_out(masking);
}

void masking_write(struct masking *masking, const char *bytes, size_t length)
{
	loop_timer_remove(&masking->pause);
	mask_write(masking->mask, bytes, length, &masking->decided);
	if (mask_waits(masking->mask))
		masking->pause = loop_timer(masking->loop, MASKING_PAUSE_MS, on_pause, masking);
	give_out(masking);
}

void masking_end(struct masking *masking)
{
	loop_timer_remove(&masking->pause);
	mask_finish(masking->mask, &masking->decided);
	give_out(masking);
}
