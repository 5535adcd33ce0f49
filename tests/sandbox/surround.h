/* surround.h: a host around the sandbox, full of things that a step must not find.
 *
 * Each is told to the probes by a variable of rig->around:
 *
 *	HOST_NAME  the host's name            HOST_PID   a process of the host
 *	CANARY     a file's path
 *	PORT       of a listener on 127.0.0.1  ABSTRACT   name of an abstract UNIX socket
 *	SEGMENT    key of a System V segment  QUEUE      name of a POSIX message queue
 *	SHARED     name in /dev/shm           KEY        description of a key in the session's keyring
 *	CORE       the limit on core files that a step can have: 1, or 0 where this process has none
 *	NS_USER, NS_PID...: the host's namespaces, as in /proc/self/ns
 */
#ifndef TESTS_SANDBOX_SURROUND_H
#define TESTS_SANDBOX_SURROUND_H

struct rig;

/* A controlling terminal for this process: runs the rest of the program in a child that has
 * one, and exits with its status. */
void surround_take_terminal(void);

/* /dev/net/tun as udev makes it, in a mount namespace of this process, if it is root's: there are hosts
 * without udev, where the device is root's alone. */
void surround_open_device(void);

void surround_set_up(struct rig *rig);
void surround_tear_down(struct rig *rig);

#endif
