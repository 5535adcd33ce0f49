/* The launcher program as bytes; LAUNCHER_FILE is its path while building. */
	.section .rodata
	.balign 16
	.globl sandbox_launcher_start
	.hidden sandbox_launcher_start
	.type sandbox_launcher_start, %object
sandbox_launcher_start:
	.incbin LAUNCHER_FILE
	.globl sandbox_launcher_end
	.hidden sandbox_launcher_end
sandbox_launcher_end:
	.size sandbox_launcher_start, . - sandbox_launcher_start
	.section .note.GNU-stack, "", %progbits
