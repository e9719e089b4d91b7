// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import org.jspecify.annotations.Nullable;

/** The names of status codes, as the specification has them. */
final class StatusNames {
    private static final @Nullable String[] GENERIC = table("""
            00 Successful completion
            01 Invalid command opcode
            02 Invalid field in command
            03 Command id conflict
            04 Data transfer error
            05 Command aborted due to power loss notification
            06 Internal error
            07 Command abort requested
            08 Command aborted due to submission queue deletion
            09 Command aborted due to failed fused command
            0a Command aborted due to missing fused command
            0b Invalid namespace or format
            0c Command sequence error
            0d Invalid SGL segment descriptor
            0e Invalid number of SGL descriptors
            0f Data SGL length invalid
            10 Metadata SGL length invalid
            11 SGL descriptor type invalid
            12 Invalid use of controller memory buffer
            13 Invalid PRP offset
            14 Atomic write unit exceeded
            15 Operation denied
            16 Invalid SGL offset
            18 Host identifier inconsistent format
            19 Keep alive timeout expired
            1a Keep alive timeout invalid
            1b Command aborted due to preempt and abort
            1c Sanitize failed
            1d Sanitize in progress
            1e SGL data block granularity invalid
            1f Command not supported for queue in controller memory buffer
            20 Command namespace is protected
            21 Command interrupted
            22 Command transient transport error
            23 Command prohibited by lockdown
            24 Admin command media not ready
            29 FDP disabled
            2a Invalid placement handle list
            80 LBA out of range
            81 Capacity exceeded
            82 Namespace not ready
            83 Reservation conflict
            84 Format in progress
            85 Invalid value size
            86 Invalid key size
            87 Key does not exist
            88 Unrecovered error
            89 Key exists
            """);

    private static final @Nullable String[] COMMAND_SPECIFIC = table("""
            00 Completion queue invalid
            01 Invalid queue identifier
            02 Invalid queue size
            03 Abort command limit exceeded
            05 Async event request limit exceeded
            06 Invalid firmware slot
            07 Invalid firmware image
            08 Invalid interrupt vector
            09 Invalid log page
            0a Invalid format
            0b Firmware activation requires conventional reset
            0c Invalid queue deletion
            0d Feature id not saveable
            0e Feature not changeable
            0f Feature not namespace specific
            10 Firmware activation requires NVM subsystem reset
            11 Firmware activation requires controller level reset
            12 Firmware activation requires maximum time violation
            13 Firmware activation prohibited
            14 Overlapping range
            15 Namespace insufficient capacity
            16 Namespace id unavailable
            18 Namespace already attached
            19 Namespace is private
            1a Namespace not attached
            1b Thin provisioning not supported
            1c Controller list invalid
            1d Device self test in progress
            1e Boot partition write prohibited
            1f Invalid controller id
            20 Invalid secondary controller state
            21 Invalid number of controller resources
            22 Invalid resource id
            23 Sanitize prohibited
            24 ANA group identifier invalid
            25 ANA attach failed
            26 Insufficient capacity
            27 Namespace attach limit exceeded
            28 Prohibition of command execution not supported
            29 I/O command set not supported
            2a I/O command set not enabled
            2b I/O command set combination rejected
            2c Invalid I/O command set
            2d Identifier unavailable
            7f Stream resource allocation failed
            80 Conflicting attributes
            81 Invalid protection info
            82 Attempted write to read only range
            83 Command size limit exceeded
            b8 Zoned boundary error
            b9 Zone is full
            ba Zone is read only
            bb Zone is offline
            bc Zone invalid write
            bd Too many active zones
            be Too many open zones
            bf Invalid zone state transition
            """);

    private static final @Nullable String[] MEDIA = table("""
            80 Write fault
            81 Unrecovered read error
            82 End-to-end guard check error
            83 End-to-end application tag check error
            84 End-to-end reference tag check error
            85 Compare failure
            86 Access denied
            87 Deallocated or unwritten logical block
            88 End-to-end storage tag check error
            """);

    private static final @Nullable String[] PATH = table("""
            00 Internal path error
            01 Asymmetric access persistent loss
            02 Asymmetric access inaccessible
            03 Asymmetric access transition
            60 Controller path error
            70 Host path error
            71 Command aborted by host
            """);

    private static final @Nullable String[] FABRICS = table("""
            80 Connect incompatible format
            81 Connect controller busy
            82 Connect invalid parameters
            83 Connect restart discovery
            84 Connect invalid host
            90 Discover restart
            91 Authentication required
            """);

    private StatusNames() {}

    private static @Nullable String[] table(String rows) {
        @Nullable String[] names = new String[0x100];
        rows.lines().forEach(row -> names[Integer.parseInt(row.substring(0, 2), 16)] = row.substring(3));
        return names;
    }

    /** The name of a code, or null if the specification has none. */
    static @Nullable String of(int statusCodeType, int statusCode) {
        return switch (statusCodeType) {
            case NvmeStatus.SCT_GENERIC -> GENERIC[statusCode];
            case NvmeStatus.SCT_COMMAND_SPECIFIC -> COMMAND_SPECIFIC[statusCode];
            case NvmeStatus.SCT_MEDIA -> MEDIA[statusCode];
            case NvmeStatus.SCT_PATH -> PATH[statusCode];
            default -> null;
        };
    }

    /** The name of a code in the answer to a fabrics command, where some codes mean something else. */
    static @Nullable String ofFabrics(int statusCodeType, int statusCode) {
        String name = statusCodeType == NvmeStatus.SCT_COMMAND_SPECIFIC ? FABRICS[statusCode] : null;
        return name != null ? name : of(statusCodeType, statusCode);
    }
}
