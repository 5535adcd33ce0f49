/* apt_sources.h: which mirror the host's own apt configuration uses.
 *
 * Both formats of sources.list(5) are read: lines, and stanzas of deb822. Only what can stand in
 * for a distribution's main archive counts: binary packages over http or https, the component
 * "main", no security archive, no password in the address.
 */
#ifndef ENGINE_ACTIONS_APT_SOURCES_H
#define ENGINE_ACTIONS_APT_SOURCES_H

#define APT_SOURCES_DIR "/etc/apt"
#define APT_SOURCES_SUITES_DIR "/usr/share/debootstrap/scripts"

/* The mirror to install suite from, without a slash at its end: of the archives in the order in
 * which apt reads them the first that is named like a distribution and has the suite; else the
 * first that has it; else the first that is named like a distribution and has a suite of the
 * same one. NULL when there is none. Free with free().
 *
 * apt_dir has sources.list and sources.list.d/. suites_dir has a file for each suite that
 * debootstrap knows, and suites of one distribution are links to one file. */
char *apt_sources_mirror(const char *apt_dir, const char *suites_dir, const char *suite);

#endif
