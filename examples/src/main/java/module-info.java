// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** Runnable examples; the guides in docs/ quote them. */
@NullMarked
module dev.spdkio.examples {
    requires transitive dev.spdkio;
    requires dev.spdkio.blob;
    requires dev.spdkio.nvme;
    requires com.h2database;
    requires transitive java.sql;
    requires org.apache.lucene.core;
    requires static org.jspecify;
    requires tools.jackson.databind;

    exports dev.spdkio.examples;

    opens dev.spdkio.examples to
            dev.spdkio; // for the records of RPC methods
}
