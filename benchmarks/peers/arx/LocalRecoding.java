import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.deidentifier.arx.ARXAnonymizer;
import org.deidentifier.arx.ARXConfiguration;
import org.deidentifier.arx.ARXResult;
import org.deidentifier.arx.AttributeType.Hierarchy;
import org.deidentifier.arx.Data;
import org.deidentifier.arx.DataHandle;
import org.deidentifier.arx.criteria.KAnonymity;
import org.deidentifier.arx.io.CSVHierarchyInput;
import org.deidentifier.arx.metric.Metric;

/**
 * ARX's local recoding of one table: every column of TABLE (';' between fields, a header) is a quasi-identifier with
 * the hierarchy HIERARCHIES/adult_hierarchy_COLUMN.csv.
 *
 * Usage: LocalRecoding TABLE HIERARCHIES OUT K REPEATS. Writes the last table to OUT (rows in the order of the input)
 * and prints, for each repeat after the loading of the table, wall and CPU seconds of the whole process: later repeats
 * run on code that the machine has compiled by then.
 */
public final class LocalRecoding {

    private LocalRecoding() {}

    private static Data load(String table, String hierarchies) throws IOException {
        Data data = Data.create(table, StandardCharsets.UTF_8, ';');
        DataHandle handle = data.getHandle();
        for (int j = 0; j < handle.getNumColumns(); j++) {
            String name = handle.getAttributeName(j);
            File file = new File(hierarchies, "adult_hierarchy_" + name + ".csv");
            String[][] levels = new CSVHierarchyInput(file, StandardCharsets.UTF_8, ';').getHierarchy();
            data.getDefinition().setAttributeType(name, Hierarchy.create(levels));
        }
        return data;
    }

    public static void main(String[] arguments) throws Exception {
        int k = Integer.parseInt(arguments[3]);
        int repeats = Integer.parseInt(arguments[4]);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        for (int repeat = 0; repeat < repeats; repeat++) {
            Data data = load(arguments[0], arguments[1]);
            ARXConfiguration configuration = ARXConfiguration.create(1d, Metric.createLossMetric(0d));
            configuration.addPrivacyModel(new KAnonymity(k));
            long wall = System.nanoTime();
            long cpu = system.getProcessCpuTime();
            ARXResult result = new ARXAnonymizer().anonymize(data, configuration);
            DataHandle output = result.getOutput();
            result.optimizeIterativeFast(output, 0.01d);
            double seconds = (System.nanoTime() - wall) / 1e9;
            double used = (system.getProcessCpuTime() - cpu) / 1e9;
            System.out.printf(Locale.ROOT, "%.4f %.4f%n", seconds, used);
            if (repeat + 1 == repeats) {
                output.save(arguments[2], ';');
            }
        }
    }
}
