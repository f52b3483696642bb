package kernel

// Run does what a command line says, whose first word is the program.
var Run = run
