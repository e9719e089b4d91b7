// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

/** The I/O commands that have a method of their own. Stands for {@code enum spdk_nvme_nvm_opcode}. */
public enum NvmeOperation {
    /** Makes durable what was written. */
    FLUSH(0x00, "flush"),
    /** Stores blocks. */
    WRITE(0x01, "write"),
    /** Reads blocks. */
    READ(0x02, "read"),
    /** Compares blocks with memory. */
    COMPARE(0x05, "compare"),
    /** Makes blocks read as zeroes. */
    WRITE_ZEROES(0x08, "write zeroes"),
    /** Says that blocks hold nothing any more: dataset management with its deallocate bit. */
    DEALLOCATE(0x09, "deallocate"),
    /** A command of the caller's own. */
    COMMAND(-1, "command");

    private final int opcode;
    private final String text;

    NvmeOperation(int opcode, String text) {
        this.opcode = opcode;
        this.text = text;
    }

    /** The opcode; -1 for {@link #COMMAND}. */
    public int opcode() {
        return opcode;
    }

    /** The name in messages. */
    public String text() {
        return text;
    }

    /** Whether it transfers data. */
    public boolean hasData() {
        return this == READ || this == WRITE || this == COMPARE;
    }
}
