#include "engine/sandbox/stack.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"

/* Stands for the file of the network namespace. */
#define NAMESPACE "NAMESPACE"

enum { PATHS = 3, ARGUMENTS = 24 };

/* pasta(1), passt 0.0~git20230309 and later. Without the four port options it would forward what is
 * listened on, to and fro; without --no-map-gw the gateway's address would be the host's loopback. */
/* slirp4netns(1), 1.0 and later. Its sandbox leaves it no capability that is of use, and no tree but
 * /etc and /run, read-only. */
static const struct {
	const char *name, *resolver;
	const char *paths[PATHS + 1];
	const char *arguments[ARGUMENTS];
} programs[STACKS] = {
	[STACK_HOST] = {.name = "the host's network"},
	[STACK_PASTA] =
		{
			.name = "pasta",
			.resolver = "169.254.1.1",
			.paths = {"/usr/bin/pasta", "/bin/pasta", "/usr/local/bin/pasta"},
			.arguments = {"--foreground", "--quiet", "--config-net", "--no-map-gw",
				      "--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns",
				      "none", "--udp-ns", "none", "--dns-forward", "169.254.1.1",
				      "--pid", STACK_READY_PATH, "--netns", NAMESPACE},
		},
	[STACK_SLIRP4NETNS] =
		{
			.name = "slirp4netns",
			.resolver = "10.0.2.3",
			.paths = {"/usr/bin/slirp4netns", "/bin/slirp4netns",
				  "/usr/local/bin/slirp4netns"},
			.arguments = {"--configure", "--mtu=65520", "--disable-host-loopback",
				      "--enable-sandbox", "--enable-seccomp", "--ready-fd=3",
				      "--netns-type=path", NAMESPACE, "tap0"},
		},
	[STACK_MISSING] = {.name = "no network: neither pasta nor slirp4netns can be used"},
};

bool stack_wish_find(const char *word, enum stack_wish *ret_wish)
{
	static const char *const words[] = {
		[STACK_AUTO] = "auto", [STACK_PRIVATE] = "private", [STACK_SHARED] = "host"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*ret_wish = (enum stack_wish)i;
		return true;
	}
	return false;
}

bool stack_is_private(enum stack stack)
{
	return stack != STACK_HOST;
}

/* Root's own rights say nothing: in the namespaces nobody is the host's root. */
static bool may_open(const char *path, const struct stat *status)
{
	if (geteuid() == 0)
		return (status->st_mode & 0006) == 0006;
	return !access(path, R_OK | W_OK);
}

void stack_look(const char *root, struct stack_host *ret_host)
{
	AUTO_FREE char *device = mem_printf("%s" STACK_DEVICE, root);
	struct stat status;

	*ret_host = (struct stack_host){.has_device = stat(device, &status) == 0};
	ret_host->may_open_device = ret_host->has_device && may_open(device, &status);
	for (enum stack stack = STACK_HOST; stack < STACKS; stack++) {
		for (const char *const *path = stack_paths(stack); *path; path++) {
			AUTO_FREE char *name = mem_printf("%s%s", root, *path);

			ret_host->has[stack] |= !access(name, X_OK);
		}
	}
}

enum stack stack_choose(enum stack_wish wish, const struct stack_host *host)
{
	if (wish == STACK_SHARED)
		return STACK_HOST;
	for (enum stack stack = STACK_PASTA; stack < STACK_MISSING; stack++) {
		if (host->has[stack] && host->may_open_device)
			return stack;
	}
	return wish == STACK_PRIVATE ? STACK_MISSING : STACK_HOST;
}

const char *stack_name(enum stack stack)
{
	return programs[stack].name;
}

const char *const *stack_paths(enum stack stack)
{
	return programs[stack].paths;
}

const char *stack_resolver(enum stack stack)
{
	return programs[stack].resolver;
}

void stack_argv(enum stack stack, const char *namespace, struct strv *ret_argv)
{
	strv_add(ret_argv, programs[stack].name);
	for (const char *const *argument = programs[stack].arguments; *argument; argument++)
		strv_add(ret_argv, !strcmp(*argument, NAMESPACE) ? namespace : *argument);
}

int stack_missing(struct err *err)
{
	return err_set(err, ERR_HOST,
		       "the step is to have a network stack of its own, and this host has no pasta "
		       "or slirp4netns that can be used: `contractor doctor` says why; with "
		       "--network-stack host the step has the host's network");
}
