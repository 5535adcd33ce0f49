/* build.h: a specification with all that is needed to look at it, or to run it, as the options of
 * the command line say.
 *
 * Life cycle: `struct build build = {0};` build_open(); build_release(), also after a failure.
 */
#ifndef SRC_BUILD_H
#define SRC_BUILD_H

#include "engine/actions/host.h"
#include "engine/process/loop.h"
#include "engine/session/session.h"
#include "engine/spec/spec.h"
#include "src/program.h"

struct build {
	struct program *program;
	struct loop *loop;
	struct host *host;
	struct session *session;
	struct spec_options spec_options;
	struct secrets *secrets; /* NULL: none were given */
	char *artifact_dir;
	uint64_t store_size;	 /* that it may have, or 0; only where something is run */
	const struct spec *spec; /* the session's */
};

/* What a command wants of it. */
struct build_wish {
	bool look_only; /* nothing is run */
	void (*event)(void *data, const struct event *event);
	void *data;
	/* Is told what is wrong with the specification, after it was printed; or NULL. */
	void (*invalid)(void *data, const char *path, const struct diagnostics *diagnostics);
	const struct command_front *front; /* NULL: no commands are given; its data is data */
};

/* Reads the specification that is the command's first argument, opens the store, and makes a session
 * before the first step. What is wrong is printed. Returns 0, or the exit status. */
int build_open(struct build *build, struct program *program, const struct build_wish *wish);
void build_release(struct build *build);

/* The same in parts, for a client that outlives its session: a loop, the store and the namespaces;
 * then the session, 1, or 0 when the specification is not valid, and ret_problems says why, or -1.
 * A session is closed before another one is opened. */
int build_open_host(struct build *build, struct program *program);
int build_open_session(struct build *build, const struct build_wish *wish, struct buf *ret_problems,
		       struct err *err);
void build_close_session(struct build *build);

/* A loop and the store alone, for commands without a specification. As build_open(). damaged_ok:
 * also a store whose index cannot be read, to verify or remove it. */
int build_open_store(struct build *build, struct program *program, bool damaged_ok);

/* For commands that only look at a store: whether there is one, which else they would make. */
bool build_has_store(const struct program *program);
/* The beginning of a document of this name about the store; host is NULL when there is none. The
 * caller's to json_decref(). */
json_t *build_store_document(const struct program *program, const struct host *host,
			     const char *name);
/* Says on standard error that there is none. */
void build_tell_no_store(struct program *program);

/* The step that text names. Prints what is wrong. Returns 0, or the exit status. */
int build_find_step(const struct build *build, const char *text, size_t *ret_step);

/* Reads and checks path as the options say. ret_spec may become NULL; what is wrong with it is in
 * diagnostics. artifact_dir and spec_options are the build's. */
int build_load_spec(struct build *build, const char *path, struct spec **ret_spec,
		    struct diagnostics *diagnostics, struct err *err);

/* The log of an attempt: a descriptor of it, and copying it to standard output, as what a step printed. */
int build_open_log(const struct build *build, const struct attempt *attempt, struct err *err);
int build_print_log(const struct build *build, const struct attempt *attempt, struct err *err);

/* For who is about to end: waits until no loss of power takes what was told (session_settle()). loop_stop() ends the waiting. */
void build_settle(struct build *build);
/* Says on standard error what could not be kept so, if anything. */
void build_tell_unkept(const struct build *build);

/* --break, --from and --until, as the commands of the debugger. */
int build_take_stops(struct build *build, struct err *err);

/* How to go on with this build: "contractor WORDS OPTIONS SPEC", with the program as it was called, quoted
 * for a shell; words are the command and more of its options, or NULL: the screen. */
void build_add_command(const struct build *build, enum command_id command, const char *words,
		       struct buf *out);

#endif
