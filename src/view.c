#include "src/view.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/mem.h"

void view_init(struct view *view, struct build *build)
{
	struct program *program = build->program;
	bool live = program->out.live && program->err.live && !program->options.json;

	*view = (struct view){
		.type = live ? &view_live : &view_lines,
		.build = build,
		.out = &program->out,
		.err = &program->err,
		.quiet = program->options.quiet,
		.verbose = program->options.verbose,
		.partial = BUF_INIT,
	};
}

void view_release(struct view *view)
{
	loop_timer_remove(&view->tick);
	buf_release(&view->partial);
}

void view_replay(struct view *view, const struct attempt *attempt)
{
	AUTO_CLOSE int fd = store_open_log(host_store(view->build->host), attempt->id);
	char bytes[1 << 16];
	ssize_t length;

	while (fd >= 0 && !view->out->error && (length = read(fd, bytes, sizeof bytes)) > 0) {
		view->type->output(view, bytes, (size_t)length);
		view->type->flush(view);
	}
}
