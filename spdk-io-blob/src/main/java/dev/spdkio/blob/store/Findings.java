// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.Finding;
import dev.spdkio.blob.check.Remedy;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.check.Subject;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an examination has found so far: each once, and no more than a report has room for. */
final class Findings {
    private final Set<Finding> all = new LinkedHashSet<>();
    private long leftOut;
    Severity worst = Severity.NOTE;
    private final Set<Remedy> remedies = EnumSet.noneOf(Remedy.class);

    private void add(Finding finding) {
        if (finding.severity().compareTo(worst) > 0) {
            worst = finding.severity();
        }
        remedies.add(finding.remedy());
        if (all.size() < CheckReport.MAX_FINDINGS) {
            all.add(finding);
        } else if (!all.contains(finding)) {
            leftOut++;
        }
    }

    void add(Severity severity, Subject subject, String text, Remedy remedy) {
        add(new Finding(severity, subject, null, 0, 0, text, remedy));
    }

    void addBlob(Severity severity, Subject subject, long id, String text, Remedy remedy) {
        add(new Finding(severity, subject, new BlobId(id), 0, 0, text, remedy));
    }

    /** What two blobs have. */
    void addShared(Subject subject, long id, long other, BitSet shared) {
        runs(
                shared,
                (first, count) -> add(new Finding(
                        Severity.DAMAGE,
                        subject,
                        new BlobId(id),
                        first,
                        count,
                        name(subject, first, count) + " of blob " + new BlobId(other) + " and of blob "
                                + new BlobId(id),
                        Remedy.DROP)));
    }

    /** Places of a mask, a finding for each run of them. */
    void addRuns(Severity severity, Subject subject, BitSet places, String text, Remedy remedy) {
        runs(
                places,
                (first, count) -> add(new Finding(
                        severity, subject, null, first, count, name(subject, first, count) + text, remedy)));
    }

    /** Whether something that was found has that remedy. */
    boolean ask(Remedy remedy) {
        return remedies.contains(remedy);
    }

    CheckReport report(String bdev, CheckReport.@Nullable Contents contents, List<BlobId> dropped, List<String> plan) {
        return new CheckReport(bdev, worst, contents, List.copyOf(all), leftOut, dropped, plan);
    }

    private static String name(Subject subject, int first, int count) {
        String noun = subject == Subject.CLUSTER ? "cluster" : "metadata page";
        return count == 1 ? noun + " " + first + " is" : noun + "s " + first + " to " + (first + count - 1) + " are";
    }

    private interface Run {
        void of(int first, int count);
    }

    private static void runs(BitSet places, Run run) {
        for (int first = places.nextSetBit(0); first >= 0; ) {
            int end = places.nextClearBit(first);
            run.of(first, end - first);
            first = places.nextSetBit(end);
        }
    }
}
