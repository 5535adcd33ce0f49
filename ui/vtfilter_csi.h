/* vtfilter_csi.h: which CSI sequences vtfilter.h lets pass, and as what. */
#ifndef UI_VTFILTER_CSI_H
#define UI_VTFILTER_CSI_H

#include "ui/vtfilter.h"

/* After ESC 8 libvterm's cursor may be outside of the screen: a CSI without an effect has it
 * brought back. */
#define VTFILTER_CLAMP "\x1b[?0h"

/* libvterm restores with the cursor whether it was visible, which xterm does not (ctlseqs, DECSC): says
 * again what the program wanted last. To be called behind what restores the cursor. */
void vtfilter_add_visibility(const struct vtfilter *filter, struct buf *out);

/* Appends what passes of the sequence that the filter has read, which ends with this byte. */
void vtfilter_add_csi(struct vtfilter *filter, char final, struct buf *out);

#endif
