// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.nio.BlobFileSystem;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.store.fs.FilePath;

/** The H2 database keeps its file on a block device. */
public final class H2OnBlobFs {
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 16384, "block_size": 4096}}
            ]}]}
            """;
    private static final int ACCOUNTS = 1000;
    private static final int TRANSFERS = 2000;

    private H2OnBlobFs() {}

    /** Runs it. */
    public static void main(String[] args) throws IOException, SQLException {
        try (SpdkApp app = SpdkApp.builder().configJson(CONFIG).start()) {
            // docs: nio-h2
            FilePath files = new H2Files(); // passes what H2 does with files on to java.nio.file
            FilePath.register(files);
            BlobFs fs = BlobFs.init(app, "Malloc0", BlobFsOptions.DEFAULT);
            try (BlobFileSystem _ = BlobFileSystem.of(fs);
                    Connection c = DriverManager.getConnection("jdbc:h2:blobfs:Malloc0!/bank")) {
                fill(c);
            }
            // docs: end
            fs.unload();
            fs = BlobFs.load(app, "Malloc0", BlobFsOptions.DEFAULT);
            try (BlobFileSystem _ = BlobFileSystem.of(fs);
                    Connection c = DriverManager.getConnection("jdbc:h2:blobfs:Malloc0!/bank;IFEXISTS=TRUE")) {
                System.out.println(one(c, "SELECT COUNT(*) FROM transfer") + " transfers");
                System.out.println("money in the bank: " + one(c, "SELECT SUM(money) FROM account"));
            } finally {
                FilePath.unregister(files);
            }
            fs.unload();
        }
    }

    private static void fill(Connection c) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE account (id INT PRIMARY KEY, money INT)");
            s.execute("CREATE TABLE transfer (id INT PRIMARY KEY, source INT, target INT, text VARCHAR)");
            s.execute("INSERT INTO account SELECT x, 100 FROM system_range(1, " + ACCOUNTS + ")");
            s.execute("CREATE INDEX transfer_source ON transfer (source)");
        }
        c.setAutoCommit(false);
        try (PreparedStatement move = c.prepareStatement("UPDATE account SET money = money + ? WHERE id = ?");
                PreparedStatement note = c.prepareStatement("INSERT INTO transfer VALUES (?, ?, ?, ?)")) {
            for (int i = 1; i <= TRANSFERS; i++) {
                int source = 1 + i % ACCOUNTS;
                int target = 1 + i * 7 % ACCOUNTS;
                add(move, -1, source);
                add(move, 1, target);
                note.setInt(1, i);
                note.setInt(2, source);
                note.setInt(3, target);
                note.setString(4, "transfer number " + i);
                note.executeUpdate();
                if (i % 10 == 0) {
                    c.rollback(); // the last five were a mistake
                } else if (i % 10 == 5) {
                    c.commit();
                }
            }
        }
        c.commit();
        try (Statement s = c.createStatement()) {
            s.execute("SHUTDOWN COMPACT"); // writes a new file, and renames it over the old one
        }
    }

    private static void add(PreparedStatement move, int money, int account) throws SQLException {
        move.setInt(1, money);
        move.setInt(2, account);
        move.executeUpdate();
    }

    private static long one(Connection c, String query) throws SQLException {
        try (Statement s = c.createStatement();
                ResultSet r = s.executeQuery(query)) {
            r.next();
            return r.getLong(1);
        }
    }
}
