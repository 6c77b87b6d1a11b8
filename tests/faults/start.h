// SPDX-License-Identifier: MIT
#ifndef FAULTS_START_H
#define FAULTS_START_H

// What memory.c asks of prctl, which has no such option, to tell fault.c that the program proper
// begins: what its loader does is not counted.
#define START_OF_PROGRAM 0x464a4642

#endif
