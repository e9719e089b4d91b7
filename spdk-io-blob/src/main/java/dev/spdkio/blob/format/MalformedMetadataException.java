// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;

/** Metadata on a device that cannot be, with the place and what is wrong there. */
public final class MalformedMetadataException extends SpdkException {
    private static final long serialVersionUID = 1;

    /** With EILSEQ. */
    public MalformedMetadataException(String message) {
        super(Errno.EILSEQ, message);
    }
}
