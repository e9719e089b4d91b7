// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.Finding;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What an examination found, for programs and for people. */
final class CheckResult {
    static final String SOUND = "sound";
    static final String RECOVERABLE = "recoverable";
    static final String DAMAGED = "damaged";

    private CheckResult() {}

    static Map<String, Object> of(CheckReport report) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("bdev", report.bdev());
        CheckReport.Contents store = report.store();
        if (store != null) {
            m.put("version", store.version());
            m.put("type", store.type());
            m.put("unloaded", store.clean());
            m.put("cluster_size", store.clusterSize());
            m.put("clusters", store.clusters());
            m.put("used_clusters", store.usedClusters());
            m.put("metadata_page_size", store.metadataPageSize());
            m.put("metadata_pages", store.metadataPages());
            m.put("used_pages", store.usedPages());
            m.put("blobs", store.blobs());
            m.put("damaged_blobs", store.damagedBlobs());
        }
        m.put("findings", report.findings().stream().map(CheckResult::of).toList());
        m.put("left_out", report.leftOut());
        m.put("dropped", report.dropped().stream().map(BlobId::toString).toList());
        m.put("plan", report.plan());
        m.put(
                "result",
                switch (report.verdict()) {
                    case NOTE -> SOUND;
                    case RECOVERABLE -> RECOVERABLE;
                    case DAMAGE -> DAMAGED;
                });
        return m;
    }

    private static Map<String, Object> of(Finding finding) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("severity", lower(finding.severity()));
        m.put("subject", lower(finding.subject()));
        BlobId blob = finding.blob();
        if (blob != null) {
            m.put("blob", blob.toString());
        }
        if (finding.count() > 0) {
            m.put("first", finding.first());
            m.put("count", finding.count());
        }
        m.put("text", finding.text());
        m.put("remedy", lower(finding.remedy()));
        m.put(
                "hint",
                switch (finding.remedy()) {
                    case NONE -> "";
                    case LOAD -> "a load or --repair mends it";
                    case REPAIR -> "--repair mends it";
                    case DROP -> "--repair --drop " + (blob == null ? "ID" : blob) + " gives it up";
                    case ACCEPT_SUPER_BLOCK -> "--repair --accept-super-block takes it as it is";
                    case DEVICE -> "it needs another device, or a copy of what can be read of this one";
                });
        return m;
    }

    private static String lower(Enum<?> e) {
        return e.name().toLowerCase(Locale.ROOT);
    }

    static void print(PrintWriter out, Map<String, Object> result) {
        Map<String, Object> scalars = new LinkedHashMap<>(result);
        scalars.values().removeIf(v -> v instanceof Collection<?> || v instanceof Map<?, ?>);
        scalars.remove("left_out");
        scalars.remove("result");
        Lines.print(out, scalars);
        for (Map<?, ?> finding : Lines.several(result, "findings")) {
            Object hint = finding.get("hint");
            out.println(
                    finding.get("severity") + ": " + finding.get("text") + ("".equals(hint) ? "" : " (" + hint + ")"));
        }
        if (Lines.number(result, "left_out") > 0) {
            out.println("and " + result.get("left_out") + " findings more");
        }
        if (result.get("plan") instanceof Collection<?> plan) {
            int step = 1;
            for (Object what : plan) {
                out.println((step == 1 ? "plan:\n" : "") + "  " + step++ + ". " + what);
            }
        }
        Lines.print(out, Map.of("result", result.get("result")));
    }
}
