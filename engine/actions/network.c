#include "engine/actions/network.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/reach.h"
#include "engine/actions/script.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

enum { FILE_SIZE_MAX = 1 << 20 };

/* "Action not allowed" to everybody who asks whether to start a service. */
#define POLICY_RC_D "#!/bin/sh\nexit 101\n"

/* The text of a file of the host, "" when there is none. Free with free(). */
static char *read_file(const char *root, const char *name)
{
	AUTO_FREE char *path = path_join(root, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    buf_read_fd(&text, fd, FILE_SIZE_MAX, path, &ignored) < 0)
		return mem_strdup("");
	return buf_detach(&text);
}

/* The host's names, and the sandbox's own, which the host does not know. */
static char *read_hosts(const char *root, const char *hostname)
{
	AUTO_FREE char *hosts = read_file(root, "etc/hosts");
	size_t length = strlen(hosts);
	const char *loopback = length ? "" : "127.0.0.1 localhost\n::1 localhost\n";
	const char *end = length && hosts[length - 1] != '\n' ? "\n" : "";

	return mem_printf("%s%s%s127.0.1.1 %s\n", hosts, end, loopback, hostname);
}

static void add_proxies(char *const *environment, struct strv *ret_environment)
{
	for (const char *const *name = reach_proxy_names; *name; name++) {
		size_t length = strlen(*name);

		if (strv_getenv(ret_environment, *name))
			continue;
		for (char *const *entry = environment; *entry; entry++) {
			if (!strncmp(*entry, *name, length) && (*entry)[length] == '=')
				strv_setenv(ret_environment, *name, *entry + length + 1);
		}
	}
}

/* On the tmpfs of a root without a systree; hosts in the place of one that knows nobody. */
static void add_host_files(const struct network *network, struct sandbox_policy *policy)
{
	const struct sandbox_file files[] = {
		{"/etc/resolv.conf", network->resolv_conf, strlen(network->resolv_conf), 0644,
		 false},
		{"/etc/hosts", network->hosts, strlen(network->hosts), 0644, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		sandbox_policy_add_file(policy, &files[i]);
}

static void add_tree_files(struct network *network, enum sandbox_kind kind)
{
	const struct init_file files[NETWORK_TREE_FILES_MAX] = {
		{.name = "etc/resolv.conf", .text = network->resolv_conf},
		{.name = "etc/hosts", .text = network->hosts},
		{.name = "usr/sbin/policy-rc.d", .text = POLICY_RC_D, .executable = true},
	};

	network->n_tree_files = NETWORK_TREE_FILES_MAX - (kind != SANDBOX_PACKAGES);
	memcpy(network->tree_files, files, sizeof files);
}

void network_init(struct network *network, const char *root, char *const *environment,
		  struct sandbox_policy *policy)
{
	AUTO_FREE char *resolv_conf = read_file(root, "etc/resolv.conf");

	*network = (struct network){
		.resolv_conf = reach_resolv_conf(resolv_conf, policy->stack),
		.hosts = read_hosts(root, policy->hostname),
	};
	add_proxies(environment, &policy->environment);
	if (policy->systree)
		add_tree_files(network, policy->kind);
	else
		add_host_files(network, policy);
}

void network_release(struct network *network)
{
	free(network->resolv_conf);
	free(network->hosts);
}

int network_run(struct action_run *run, struct sandbox_policy *policy,
		const struct network_script *script, struct err *err)
{
	const struct sandbox_file file = {SCRIPT_PATH, script->text, strlen(script->text), 0444,
					  false};
	struct network network;
	int result;

	if (action_check_network(run, err) < 0)
		return -1;
	network_init(&network, "/", environ, policy);
	if (reach_check(policy, script->address, err) < 0) {
		network_release(&network);
		return -1;
	}
	sandbox_policy_add_file(policy, &file);
	for (size_t i = 0; i < script->n_files; i++)
		sandbox_policy_add_file(policy, &script->files[i]);
	strv_add_all(&policy->argv, "/bin/sh", "-e", SCRIPT_PATH, NULL);
	if (script->arguments)
		strv_extend(&policy->argv, script->arguments);
	result = action_run_sandbox(run, policy, network.tree_files, network.n_tree_files, err);
	network_release(&network);
	return result;
}

int network_require_program(const char *path, const char *program, struct err *err)
{
	while (*path) {
		size_t length = strcspn(path, ":");
		AUTO_FREE char *name = mem_printf("%.*s/%s", (int)length, path, program);

		if (!access(name, X_OK))
			return 0;
		path += length + (path[length] == ':');
	}
	return err_set(err, ERR_HOST, "%s is not installed on this host: apt install %s", program,
		       program);
}

int network_require_ids(const struct id_map *map, const char *action, struct err *err)
{
	if (!map->single)
		return 0;
	return err_set(err, ERR_HOST,
		       "%s needs more than one user id, since packages have files of several "
		       "owners: %s; %s",
		       action, map->single_reason, map->single_remedy);
}
