// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.check.BlobstoreDump;
import dev.spdkio.runtime.SpdkThread;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spdkio blob dump}. */
@Command(
        name = "dump",
        description = {
            "Print the metadata as it is on the device, right or wrong: the super block, the masks, and",
            "each metadata page with something on it. The store is not loaded, and nothing is written."
        })
final class DumpCommand extends DeviceCommand {
    /** The most pages of a JSON object, which is made in memory. */
    private static final int MAX_JSON_PAGES = 1 << 16;

    @Option(
            names = "--blob",
            paramLabel = "ID",
            converter = BlobIdConverter.class,
            description = "Only the pages that say they are this blob's.")
    private @Nullable BlobId blob;

    @Option(
            names = "--first",
            paramLabel = "PAGE",
            defaultValue = "0",
            description = "The first metadata page to look at.")
    private int first;

    @Option(names = "--count", paramLabel = "PAGES", description = "How many to look at; default all.")
    private @Nullable Integer count;

    @Override
    boolean writes() {
        return false;
    }

    @Override
    Map<String, Object> run(SpdkApp app, SpdkThread thread, String device, Stop stop) {
        if (first < 0 || (count != null && count < 1)) {
            throw wrong("--first " + first + " and --count " + count + ": from 0 and 1 on");
        }
        Map<String, Object> result =
                BlobstoreDump.store(app.bdevs(), thread, device).join();
        if (!isJson()) {
            Map<String, Object> head = new LinkedHashMap<>(result);
            head.remove("problems", List.of());
            Lines.print(out(), head);
        }
        long end = count == null ? pages(result) : Math.min(pages(result), (long) first + count);
        List<Map<String, Object>> all = new ArrayList<>();
        for (long at = first; at < end; at += BlobstoreDump.MAX_PAGES) {
            stop.check("dump", at);
            int some = (int) Math.min(BlobstoreDump.MAX_PAGES, end - at);
            for (Map<String, Object> page : BlobstoreDump.pages(app.bdevs(), thread, device, (int) at, some)
                    .join()) {
                if (blob != null && !blob.toString().equals(page.get("blob"))) {
                    continue;
                }
                if (!isJson()) {
                    print(page);
                } else if (all.size() == MAX_JSON_PAGES) {
                    throw new IllegalArgumentException("more than " + MAX_JSON_PAGES
                            + " pages for a JSON object: take --first and --count, and several");
                } else {
                    all.add(page);
                }
            }
        }
        result.put("pages", all);
        return result;
    }

    private static long pages(Map<?, ?> result) {
        return result.get("super_block") instanceof Map<?, ?> s && s.get("metadata_pages") instanceof Map<?, ?> region
                ? Lines.number(region, "length")
                : 0;
    }

    private void print(Map<String, Object> page) {
        Map<String, Object> head = new LinkedHashMap<>(page);
        head.remove("descriptors");
        out().println(line(head));
        for (Map<?, ?> descriptor : Lines.several(page, "descriptors")) {
            out().println("  " + line(descriptor));
        }
    }

    private static String line(Map<?, ?> members) {
        return members.entrySet().stream()
                .map(e -> e.getKey() + " "
                        + (e.getValue() instanceof Collection<?> c
                                ? c.stream().map(String::valueOf).collect(Collectors.joining(" ", "[", "]"))
                                : e.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** That was done on the way. */
    @Override
    void print(PrintWriter out, Map<String, Object> result) {}
}
