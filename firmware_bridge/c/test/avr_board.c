/*
 * The unit tests on an AVR, whose int has 16 bits, in simavr: standard output is the UART, and the
 * program ends in a sleep without interrupts, which ends the simulation.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdio.h>

static int put(char byte, FILE *stream)
{
    (void)stream;
    loop_until_bit_is_set(UCSR0A, UDRE0);
    UDR0 = (uint8_t)byte;
    return 0;
}

static FILE uart = FDEV_SETUP_STREAM(put, NULL, _FDEV_SETUP_WRITE);

static void __attribute__((constructor)) begin(void)
{
    UCSR0B = _BV(TXEN0);
    stdout = &uart;
    stderr = &uart;
}

static void __attribute__((destructor)) end(void)
{
    cli();
    sleep_enable();
    sleep_cpu();
}
