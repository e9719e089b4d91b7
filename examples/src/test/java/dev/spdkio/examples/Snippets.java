// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The regions of compiled sources that the guides quote: from {@code // docs: name} to {@code // docs: end}. */
final class Snippets {
    /**
     * A region.
     *
     * @param where its file and line
     * @param lines what is in it, moved to the left
     */
    record Region(String where, List<String> lines) {}

    private static final Pattern BEGIN = Pattern.compile("^\\s*// docs: (\\S+)\\s*$");
    private static final String END = "end";

    private final Map<String, Region> regions = new LinkedHashMap<>();
    private final List<String> complaints = new ArrayList<>();

    /** The regions of the sources below a folder. */
    static Snippets in(Path folder) throws IOException {
        Snippets snippets = new Snippets();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                snippets.scan(file.getFileName().toString(), Files.readAllLines(file));
            }
        }
        return snippets;
    }

    /** Takes the regions out of one source. Regions may lie in one another. */
    void scan(String file, List<String> lines) {
        LinkedHashMap<String, List<String>> open = new LinkedHashMap<>();
        Map<String, Integer> begins = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            Matcher mark = BEGIN.matcher(lines.get(i));
            if (!mark.matches()) {
                for (List<String> region : open.values()) {
                    region.add(lines.get(i));
                }
            } else if (!mark.group(1).equals(END)) {
                open.put(mark.group(1), new ArrayList<>());
                begins.put(mark.group(1), i + 1);
            } else if (open.isEmpty()) {
                complaints.add(file + ":" + (i + 1) + ": docs: end without a beginning");
            } else {
                String name = open.lastEntry().getKey();
                Region region = new Region(file + ":" + begins.get(name), dedent(open.remove(name)));
                Region other = regions.putIfAbsent(name, region);
                if (other != null) {
                    complaints.add(region.where() + ": region " + name + " is at " + other.where() + " already");
                }
            }
        }
        open.keySet()
                .forEach(name -> complaints.add(file + ":" + begins.get(name) + ": region " + name + " has no end"));
    }

    Map<String, Region> regions() {
        return regions;
    }

    /** What is wrong with the marks themselves. */
    List<String> complaints() {
        return complaints;
    }

    /** What is wrong with the Java blocks of one file, each as {@code file:line: complaint}; notes which are used. */
    List<String> check(String file, Markdown text, Set<String> used) {
        List<String> found = new ArrayList<>();
        for (Markdown.Block block : text.blocks()) {
            if (!block.language().equals("java")) {
                continue;
            }
            String where = file + ":" + block.line() + ": ";
            Region region = regions.get(block.name());
            used.add(block.name());
            if (block.name().isEmpty()) {
                found.add(where
                        + "this block has no source: mark a region of an example with // docs: NAME … // docs: end,"
                        + " and begin the block with ```java NAME");
            } else if (region == null) {
                found.add(where + "no example has a region " + block.name());
            } else {
                compare(where, dedent(block.lines()), region, found);
            }
        }
        return found;
    }

    private static void compare(String where, List<String> quoted, Region region, List<String> found) {
        for (int i = 0; i < Math.max(quoted.size(), region.lines().size()); i++) {
            String here = i < quoted.size() ? quoted.get(i) : "(nothing)";
            String there = i < region.lines().size() ? region.lines().get(i) : "(nothing)";
            if (!here.equals(there)) {
                found.add(where + "line " + (i + 1) + " of the block differs from " + region.where() + "\n  quoted: "
                        + here + "\n  source: " + there + "\n  -Ddocs.update=true copies the sources into the guides");
                return;
            }
        }
    }

    /** The regions that no guide quotes. */
    List<String> unused(Set<String> used) {
        Set<String> names = new HashSet<>(regions.keySet());
        names.removeAll(used);
        return names.stream()
                .sorted()
                .map(name -> regions.get(name).where() + ": no guide quotes region " + name)
                .toList();
    }

    /** The lines of a file with the sources of its Java blocks in their places. */
    List<String> updated(Markdown text) {
        List<String> result = new ArrayList<>();
        int next = 0;
        for (Markdown.Block block : text.blocks()) {
            Region region = regions.get(block.name());
            if (block.language().equals("java") && region != null) {
                result.addAll(text.lines().subList(next, block.line()));
                result.addAll(region.lines());
                next = block.line() + block.lines().size();
            }
        }
        result.addAll(text.lines().subList(next, text.lines().size()));
        return result;
    }

    /** Moves lines to the left as far as all of them can go. */
    static List<String> dedent(List<String> lines) {
        int margin = lines.stream()
                .filter(line -> !line.isBlank())
                .mapToInt(line -> line.length() - line.stripLeading().length())
                .min()
                .orElse(0);
        return lines.stream()
                .map(line -> line.isBlank() ? "" : line.substring(margin).stripTrailing())
                .toList();
    }
}
