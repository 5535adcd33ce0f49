#include "engine/actions/host.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/seccomp.h"
#include "engine/actions/artifact.h"
#include "engine/actions/host_internal.h"
#include "engine/actions/source.h"
#include "engine/store/squash.h"

struct host {
	struct host_settings settings;
	struct loop *loop;
	struct store *store;
	struct id_map map;
	struct userns *userns;	 /* NULL until needed */
	struct spare *spare;	 /* or NULL */
	struct cgroups *cgroups; /* or NULL */
	bool cgroups_tried;
	struct strv existing; /* empty until needed */
	struct seccomp_cache filters;
	char *store_path, *artifact_dir, *context_dir;
	int64_t source_date_epoch;
};

/* Another time than was meant would be in all artifacts, and go unnoticed. */
static int read_epoch(struct host *host, struct err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	AUTO_FREE char *shown = NULL;
	unsigned long long seconds;

	host->source_date_epoch = HOST_SOURCE_DATE_EPOCH;
	if (!text || !*text)
		return 0;
	seconds = strtoull(text, NULL, 10);
	if (!text[strspn(text, "0123456789")] && seconds <= HOST_SOURCE_DATE_EPOCH_MAX) {
		host->source_date_epoch = (int64_t)seconds;
		return 0;
	}
	shown = buf_shown(text);
	return err_set(err, ERR_USAGE,
		       "SOURCE_DATE_EPOCH must be a number of seconds since 1970, as `date +%%s` "
		       "prints it, at most %llu, or not be set; it is '%s'",
		       HOST_SOURCE_DATE_EPOCH_MAX, shown);
}

static int open_store(struct host *host, struct err *err)
{
	AUTO_BUF struct buf map = BUF_INIT;
	struct store_options options = {
		.layer_uid = id_map_root_uid(&host->map),
		.layer_gid = id_map_root_gid(&host->map),
		.remove_tree = host_remove_tree,
		.sum = host_sum,
		.data = host,
		.damaged_ok = host->settings.damaged_ok,
		.repair = host->settings.repair,
	};

	id_map_describe(&host->map, &map);
	if (!host->settings.read_only)
		options.id_map = map.data;
	return store_open(host->store_path, &options, &host->store, err);
}

/* A word that overlay_mount() does not know would go unnoticed. */
static int check_backend(struct err *err)
{
	const char *backend = getenv("CONTRACTOR_BACKEND");
	AUTO_FREE char *shown = NULL;

	if (!backend || !*backend || !strcmp(backend, "overlay") || !strcmp(backend, "copy"))
		return 0;
	shown = buf_shown(backend);
	return err_set(err, ERR_USAGE,
		       "CONTRACTOR_BACKEND is '%s': it may be 'overlay' (as without it) or 'copy'",
		       shown);
}

static void copy_settings(struct host *host, const struct host_settings *settings)
{
	host->settings = *settings;
	host->store_path =
		settings->store_path ? mem_strdup(settings->store_path) : store_default_path();
	host->artifact_dir = settings->artifact_dir ? mem_strdup(settings->artifact_dir)
						    : path_join(host->store_path, "artifacts");
	host->context_dir = mem_strdup_or_null(settings->context_dir);
	host->settings.store_path = host->store_path;
	host->settings.artifact_dir = host->artifact_dir;
	host->settings.context_dir = host->context_dir;
}

int host_new(const struct host_settings *settings, struct loop *loop, struct host **ret_host,
	     struct err *err)
{
	struct host *host = mem_new(sizeof *host);

	host->loop = loop;
	seccomp_cache_init(&host->filters);
	copy_settings(host, settings);
	if (check_backend(err) < 0 || read_epoch(host, err) < 0 ||
	    id_map_find(&host->map, err) < 0 || open_store(host, err) < 0) {
		host_free(host);
		return -1;
	}
	*ret_host = host;
	return 0;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	host_drop_spare(host);
	cgroups_free(host->cgroups);
	userns_free(host->userns);
	store_close(host->store);
	strv_release(&host->existing);
	seccomp_cache_release(&host->filters);
	free(host->store_path);
	free(host->artifact_dir);
	free(host->context_dir);
	free(host);
}

struct cgroups *host_cgroups(struct host *host)
{
	if (!host->cgroups_tried)
		host->cgroups = cgroups_new("");
	host->cgroups_tried = true;
	return host->cgroups;
}

struct spare **host_spare(struct host *host)
{
	return &host->spare;
}

void host_drop_spare(struct host *host)
{
	spare_free(take_ptr(&host->spare), host->loop);
}

int host_remove_store(struct host *host, struct err *err)
{
	const struct userns *userns;
	struct err ignored;
	int result;

	/* While the store is being removed its directories can no longer be taken in. */
	host_userns(host, &userns, &ignored);
	result = store_remove_all(host->store, err);
	host->store = NULL;
	return result;
}

struct loop *host_loop(const struct host *host)
{
	return host->loop;
}

struct store *host_store(const struct host *host)
{
	return host->store;
}

const struct host_settings *host_settings(const struct host *host)
{
	return &host->settings;
}

const struct id_map *host_id_map(const struct host *host)
{
	return &host->map;
}

const char *host_artifact_dir(const struct host *host)
{
	return host->artifact_dir;
}

int64_t host_source_date_epoch(const struct host *host)
{
	return host->source_date_epoch;
}

int host_userns(struct host *host, const struct userns **ret_userns, struct err *err)
{
	struct userns_options options = {.layers_fd = store_layers_fd(host->store),
					 .tmp_fd = store_tmp_fd(host->store)};

	options.launcher = sandbox_launcher_image(&options.launcher_length);
	if (!host->userns) {
		if (userns_new(&host->map, &options, &host->userns, err) < 0)
			return -1;
		store_clean(host->store);
	}
	*ret_userns = host->userns;
	return 0;
}

bool host_has_userns(const struct host *host)
{
	return host->userns != NULL;
}

const struct strv *host_existing_paths(struct host *host)
{
	if (!host->existing.len)
		sandbox_existing_paths(&host->existing);
	return &host->existing;
}

enum stack host_stack(const struct host *host)
{
	struct stack_host look;

	stack_look("", &look);
	return stack_choose(host->settings.stack, &look);
}

struct seccomp_cache *host_seccomp_cache(struct host *host)
{
	return &host->filters;
}

void host_shorten(const struct host *host, const struct state *state,
		  struct strv ret_chains[TREE_COUNT])
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		squash_shorten(host->store, tree, &state->chain[tree], &ret_chains[tree]);
}

bool host_artifact_exists(void *data, const char *name)
{
	AUTO_FREE char *path = artifact_find(host_artifact_dir(data), name);

	return path != NULL;
}
