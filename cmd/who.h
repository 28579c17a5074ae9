/*
 * Who runs this program, for the audit trail: the user, the one who called sudo, the
 * systemd unit.
 */
#ifndef CMD_WHO_H
#define CMD_WHO_H

#include "state/audit.h"

/* Fills in uid, sudo and unit; what is not known, or is no plain name, stays empty. */
void who_runs(struct auditor *out);

/* The unit in /proc/PID/cgroup's text: its last NAME.service, NAME.scope is none. */
void who_unit(const char *cgroup, char out[AUDIT_NAME_MAX + 1]);

#endif
