/* policy.h: everything about a sandbox, as data.
 *
 * A policy is made by sandbox_policy_init() for a kind of step, filled in by the action, and
 * then turned, by two pure functions, into
 *	- the argument vector of bwrap (policy_bwrap_argv), and
 *	- the plan of the launcher, a small static program that is the sandbox's first process
 *	  and does what bwrap cannot do in a prepared user namespace (policy_launch_plan).
 * Neither does any I/O, so tests read the text. Every protection is one field, so a
 * test can switch it off and see its probe fail.
 *
 * Sources are passed to bwrap as descriptors with fixed numbers (enum sandbox_fd), which init
 * puts in place.
 */
#ifndef ENGINE_SANDBOX_POLICY_H
#define ENGINE_SANDBOX_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/sandbox/stack.h"

/* The descriptors that bwrap inherits besides 0, 1 and 2; nothing else is open. */
enum sandbox_fd {
	SANDBOX_FD_USERNS = 10, /* the inner user namespace (--userns2) */
	SANDBOX_FD_ROOT,	/* the systree's mount (--bind-fd 11 /) */
	SANDBOX_FD_WORKSPACE,	/* the workspace's mount */
	SANDBOX_FD_LAUNCHER,	/* the launcher's bytes, a memfd (--ro-bind-data) */
	SANDBOX_FD_PLAN,	/* the launch plan, a memfd, read by the launcher */
	SANDBOX_FD_CONTROL,	/* a socket to contractor: the pty's master, or an error text */
	SANDBOX_FD_TMP,		/* /tmp of the step, a directory that is kept when it fails */
	SANDBOX_FD_ARGS,	/* bwrap's arguments, a memfd (--args) */
	SANDBOX_FD_DATA,	/* first of the descriptors for policy->files, in their order */
};

enum sandbox_kind {
	SANDBOX_SHELL,	  /* a spec's script in the systree */
	SANDBOX_PACKAGES, /* apt in the systree */
	SANDBOX_HOST,	  /* debootstrap: the host's tools on a tmpfs root */
	SANDBOX_HOST_GIT, /* git: the same, no more capabilities than it needs (none) */
	SANDBOX_KINDS,
};

/* Where the launcher is inside. A mount point of its own, so that a step can neither replace it
 * nor move it away. */
#define SANDBOX_LAUNCHER_PATH "/run/contractor-launcher"

/* A file with this content is put at target, on a tmpfs of the sandbox: below /run or /tmp, or
 * anywhere where the root is a tmpfs. Read-only; or, with for_user, a copy that the step's user
 * owns (secrets, mode 0400). */
struct sandbox_file {
	const char *target;
	const void *bytes;
	size_t length;
	unsigned mode;
	bool for_user;
};

/* A read-only bind of a host path; with a systree only to a target below /run. */
struct sandbox_bind {
	const char *source, *target;
};

struct seccomp_cache; /* engine/sandbox/seccomp.h */

struct sandbox_policy {
	enum sandbox_kind kind;

	/* What runs. */
	struct strv argv;
	struct strv environment; /* all of it, NAME=VALUE: nothing else is in the environment, but
				    HOME where it is missing: the user's, from /etc/passwd */
	const char *workdir;	 /* absolute, inside */
	const char *hostname;
	const char *user; /* "root", a number, or a name that /etc/passwd inside knows */
	const char *gid;  /* digits, or NULL: the user's own (of a number that /etc/passwd does not
			     know: the same number) */
	bool terminal;	  /* a pty opened inside; else descriptors 0, 1, 2 as they are */
	bool interactive; /* output processing on, as in a shell; only with terminal */
	int columns, rows;

	/* What it sees. */
	bool systree;	/* the root is SANDBOX_FD_ROOT; else a tmpfs with the host's /usr, its links
			   and what programs need of /etc, each if it exists */
	bool workspace; /* /workspace is SANDBOX_FD_WORKSPACE */
	bool read_only_root;
	bool tmp_from_fd;    /* /tmp is SANDBOX_FD_TMP; else a tmpfs */
	uint64_t tmpfs_size; /* each tmpfs holds at most so many bytes; 0: what the kernel allows */
	const struct sandbox_file *files;
	size_t n_files;
	size_t files_capacity; /* private: 0 while files are somebody else's */
	const struct sandbox_bind *binds;
	size_t n_binds;

	/* Protections; each is on. */
	bool unshare_network; /* off only for steps with network, */
	enum stack stack;     /* whose network then is this */
	bool unshare_ipc, unshare_uts, unshare_cgroup, unshare_pid;
	bool inner_userns; /* --userns2: no capability over the mounts */
	bool mask_paths, read_only_paths;
	bool drop_capabilities; /* bounding set and all others cut to capabilities */
	uint64_t capabilities;	/* bits by CAP_*; those that root in the step has */
	bool no_new_privs;	/* bwrap always sets it: the launcher checks that it is set */
	bool seccomp;
	bool session; /* a session of its own: never the person's terminal */
	bool clear_environment;
	bool clear_groups;	/* to be off where the id map forbids setgroups(2): a single id */
	bool close_descriptors; /* the launcher closes all but 0, 1, 2 */
	bool minimal_dev; /* --dev: null zero full random urandom tty, an own devpts and shm */
	bool private_tmp; /* /tmp is of this sandbox alone (/run always is: the launcher is there)
			   */
	bool die_with_parent;
	uint64_t open_files_soft, open_files_hard;
	uint64_t processes; /* RLIMIT_NPROC; 0: none */
	uint64_t file_size; /* RLIMIT_FSIZE in bytes; 0: none */
	/* RLIMIT_CORE. 1: no core file, which would be larger, and no handler of the host's, which a
	 * core_pattern with "|" has the kernel start as root even with 0 (Linux fs/coredump.c). */
	uint64_t core_size;

	struct seccomp_cache *filters; /* where prepared filters are kept; NULL: made each time */
};

/* The policy of this kind with every protection on, network cut, user root, 80x24, workdir
 * /workspace, hostname "builder", on a terminal. files of SANDBOX_HOST* are sandbox_host_files().
 * Release with sandbox_policy_release(). */
void sandbox_policy_init(struct sandbox_policy *policy, enum sandbox_kind kind);
void sandbox_policy_release(struct sandbox_policy *policy);

/* Adds a file, in the place of one with the same target. What it points to must live as long as the
 * policy is used. */
void sandbox_policy_add_file(struct sandbox_policy *policy, const struct sandbox_file *file);

/* The base environment of every step: PATH, HOME, TERM, LANG, USER, DEBIAN_FRONTEND,
 * SOURCE_DATE_EPOCH. */
void sandbox_base_environment(struct strv *environment, int64_t source_date_epoch);

/* The files that a root without a systree has of its own: passwd, group, nsswitch.conf, hosts. */
const struct sandbox_file *sandbox_host_files(size_t *ret_count);

/* Which of the paths that a policy may name exist on this host, since bwrap dies on one that does
 * not. Each as "PATH", a directory as "PATH/", a symbolic link as "PATH -> TARGET". */
void sandbox_existing_paths(struct strv *ret_paths);

/* The bwrap argument vector, from "bwrap" to the launcher's path after "--". existing comes
 * from sandbox_existing_paths(). Pure. */
void policy_bwrap_argv(const struct sandbox_policy *policy, const struct strv *existing,
		       struct strv *ret_argv);

/* The same command such that /proc/1/cmdline shows none of it: the options of argv, a result of
 * policy_bwrap_argv(), as the bytes for SANDBOX_FD_ARGS, and what is to be executed. */
void policy_bwrap_hidden(const struct strv *argv, struct buf *ret_args, struct strv *ret_argv);

/* The launcher's plan: its format is in launcher/plan.h. Includes the seccomp program
 * for it. Fails only when libseccomp does. Otherwise pure. */
int policy_launch_plan(const struct sandbox_policy *policy, struct buf *ret_plan, struct err *err);

/* "chown setuid ...": the names of capabilities, as in capabilities(7) without CAP_. */
void policy_describe_capabilities(uint64_t capabilities, struct buf *out);

/* The policy, bwrap vector and plan in words, for `info sandbox`: the exact bwrap command, quoted
 * for a shell, and what the launcher does. */
void policy_describe(const struct sandbox_policy *policy, const struct strv *existing,
		     struct buf *out);

/* The launcher program's bytes, which are part of contractor. */
const void *sandbox_launcher_image(size_t *ret_length);

#endif
