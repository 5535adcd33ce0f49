/* artifact.h: the files of an artifact directory: NAME.tar.zst, NAME.tar.gz, ..., one an artifact. */
#ifndef ENGINE_ACTIONS_ARTIFACT_H
#define ENGINE_ACTIONS_ARTIFACT_H

/* The path of the artifact of this name in a directory, whatever its compression; NULL when there
 * is none. Free with free(). */
char *artifact_find(const char *dir, const char *name);

/* "tar.zst", ...: what a regular file's first bytes say; NULL when it is no archive. */
const char *artifact_suffix_of(int fd);

/* Removes what the directory has of this artifact in other compressions than suffix. */
void artifact_remove_others(const char *dir, const char *name, const char *suffix);

#endif
