/* The program inside.c as bytes; INSIDE_FILE is its path while building. */
	.section .rodata
	.balign 16
	.globl inside_start
	.hidden inside_start
	.type inside_start, %object
inside_start:
	.incbin INSIDE_FILE
	.globl inside_end
	.hidden inside_end
inside_end:
	.size inside_start, . - inside_start
	.section .note.GNU-stack, "", %progbits
