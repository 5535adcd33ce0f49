/* The themes that the program carries: a name and a file, each with a NUL behind it, and so on. The
 * directory above themes/ is in the path of the assembler's includes. */
	.macro theme name
	.asciz "\name"
	.incbin "themes/\name\().yaml"
	.byte 0
	.endm

	.section .rodata
	.globl theme_files_start
	.hidden theme_files_start
	.type theme_files_start, %object
theme_files_start:
	theme default
	theme high-contrast
	theme light
	theme mono
	theme projector
	.globl theme_files_end
	.hidden theme_files_end
theme_files_end:
	.size theme_files_start, . - theme_files_start
	.section .note.GNU-stack, "", %progbits
