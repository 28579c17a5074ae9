import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.model.v25.datatype.CE;
import ca.uhn.hl7v2.model.v25.datatype.CX;
import ca.uhn.hl7v2.model.v25.datatype.PL;
import ca.uhn.hl7v2.model.v25.datatype.TS;
import ca.uhn.hl7v2.model.v25.datatype.XAD;
import ca.uhn.hl7v2.model.v25.datatype.XCN;
import ca.uhn.hl7v2.model.v25.datatype.XPN;
import ca.uhn.hl7v2.model.v25.datatype.XTN;
import ca.uhn.hl7v2.model.v25.group.SIU_S12_RESOURCES;
import ca.uhn.hl7v2.model.v25.message.SIU_S12;
import ca.uhn.hl7v2.model.v25.segment.NTE;
import ca.uhn.hl7v2.model.v25.segment.PID;
import ca.uhn.hl7v2.model.v25.segment.PV1;
import ca.uhn.hl7v2.model.v25.segment.SCH;
import ca.uhn.hl7v2.parser.PipeParser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedWriter;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The same two records a message as hl7_splitter.py writes, byte for byte, through HAPI's
 * typed model: its default parser, validation off, escapes undone by it.
 *
 * <p>Hapi FILE OUT WARM-UP: the first WARM-UP messages are read before the clock starts;
 * then all of FILE is. Prints messages, wall and CPU seconds of the process meanwhile.
 */
public final class Hapi {
    private static final ZoneId ZONE = ZoneId.of("America/Chicago");
    private static final DateTimeFormatter OUT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssXXX");
    private static final String AUTHORITY = "NORTHSIDE";
    private static final Map<String, String> GENDER =
            Map.of("F", "female", "M", "male", "O", "other", "U", "unknown");
    private static final Map<String, String> STATUS =
            Map.of("booked", "booked", "pending", "pending", "cancelled", "cancelled");
    private static final Map<String, Double> MINUTES =
            Map.of("MIN", 1.0, "S", 1.0 / 60, "HR", 60.0);

    private final PipeParser parser;
    private final Json json = new Json();

    private Hapi() {
        HapiContext context = new DefaultHapiContext();
        context.setValidationContext(ValidationContextFactory.noValidation());
        parser = context.getPipeParser();
    }

    public static void main(String[] args) throws Exception {
        List<String> messages = split(Files.readString(Paths.get(args[0])));
        int warmUp = Math.min(Integer.parseInt(args[2]), messages.size());
        Hapi hapi = new Hapi();
        OperatingSystemMXBean os =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

        hapi.write(messages.subList(0, warmUp), "/dev/null");
        long wall = System.nanoTime();
        long cpu = os.getProcessCpuTime();
        hapi.write(messages, args[1]);
        cpu = os.getProcessCpuTime() - cpu;
        wall = System.nanoTime() - wall;
        System.out.printf("%d %.3f %.3f%n", messages.size(), wall / 1e9, cpu / 1e9);
    }

    /** The messages of a batch, without the segments around them. */
    private static List<String> split(String text) {
        List<String> messages = new ArrayList<>();
        int start = text.startsWith("MSH|") ? 0 : text.indexOf("\rMSH|") + 1;

        while (start < text.length() && text.startsWith("MSH|", start)) {
            int end = text.indexOf("\rMSH|", start);
            if (end < 0)
                end = text.indexOf("\rBTS", start);
            if (end < 0)
                end = text.length() - 1;
            messages.add(text.substring(start, end + 1));
            start = end + 1;
        }
        return messages;
    }

    private void write(List<String> messages, String path) throws IOException, HL7Exception {
        try (Writer out = new BufferedWriter(
                new OutputStreamWriter(new FileOutputStream(path), StandardCharsets.UTF_8),
                1 << 16)) {
            int row = 0;
            for (String message : messages)
                write((SIU_S12) parser.parse(message), ++row, out);
        }
    }

    private void write(SIU_S12 message, int row, Writer out) throws IOException, HL7Exception {
        PID pid = message.getPATIENT().getPID();
        SCH sch = message.getSCH();
        String eventAt = moment(message.getMSH().getDateTimeOfMessage());
        String patient = identifier(recordNumber(pid));
        String placer = sch.getPlacerAppointmentID().getEntityIdentifier().getValue();

        open("patient", patient, eventAt, row);
        patient(pid);
        json.end().end().line(out);
        if (placer == null)
            placer = sch.getFillerAppointmentID().getEntityIdentifier().getValue();
        open("appointment", placer, eventAt, row);
        appointment(message, sch, patient);
        json.end().end().line(out);
    }

    private void open(String type, String id, String eventAt, int row) {
        json.object(null).put("op", "patch").put("type", type).put("source", "bench");
        json.put("id", id).put("event_at", eventAt);
        json.object("origin").put("row", row).end().object("data");
    }

    private static CX recordNumber(PID pid) {
        for (CX cx : pid.getPatientIdentifierList())
            if ("MR".equals(cx.getIdentifierTypeCode().getValue()))
                return cx;
        return pid.getPatientIdentifierList(0);
    }

    private static String identifier(CX cx) {
        String value = cx.getIDNumber().getValue();
        String system = cx.getAssigningAuthority().getNamespaceID().getValue();

        return system == null || system.equals(AUTHORITY) ? value : value + "^^^" + system;
    }

    private static String moment(TS ts) {
        return moment(ts.getTime().getValue());
    }

    private static String moment(String text) {
        if (text == null)
            return null;
        LocalDateTime local = LocalDateTime.of(number(text, 0, 4), number(text, 4, 6),
                number(text, 6, 8), number(text, 8, 10), number(text, 10, 12),
                text.length() >= 14 ? number(text, 12, 14) : 0);
        return OUT.format(local.atZone(ZONE));
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    private void patient(PID pid) throws HL7Exception {
        XPN name = pid.getPatientName(0);
        String born = pid.getDateTimeOfBirth().getTime().getValue();
        String sex = pid.getAdministrativeSex().getValue();

        json.array("identifier");
        for (CX cx : pid.getPatientIdentifierList()) {
            json.object(null).put("value", cx.getIDNumber().getValue());
            json.put("system", cx.getAssigningAuthority().getNamespaceID().getValue());
            json.put("type", cx.getIdentifierTypeCode().getValue()).end();
        }
        json.end().object("name").put("family", name.getFamilyName().getSurname().getValue());
        json.array("given").item(name.getGivenName().getValue());
        json.item(name.getSecondAndFurtherGivenNamesOrInitialsThereof().getValue()).end().end();
        if (born != null)
            json.put("birth_date", born.substring(0, 4) + "-" + born.substring(4, 6) + "-"
                    + born.substring(6, 8));
        json.put("gender", sex == null ? null : GENDER.get(sex));
        phones(pid);
        address(pid.getPatientAddress(0));
        json.put("language", pid.getPrimaryLanguage().getIdentifier().getValue());
        json.put("marital_status", pid.getMaritalStatus().getIdentifier().getValue());
    }

    private void phones(PID pid) {
        String home = null, mobile = null;

        for (XTN xtn : pid.getPhoneNumberHome()) {
            String kind = xtn.getTelecommunicationEquipmentType().getValue();
            if ("Internet".equals(kind))
                json.put("email", xtn.getEmailAddress().getValue());
            else if ("CP".equals(kind))
                mobile = phone(xtn);
            else if ("PH".equals(kind))
                home = phone(xtn);
        }
        if (home == null && mobile == null)
            return;
        json.object("phone").put("home", home).put("mobile", mobile).end();
    }

    private static String phone(XTN xtn) {
        return "+" + text(xtn.getCountryCode().getValue())
                + text(xtn.getAreaCityCode().getValue()) + text(xtn.getLocalNumber().getValue());
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    private void address(XAD xad) {
        json.object("address").array("line");
        json.item(xad.getStreetAddress().getStreetOrMailingAddress().getValue());
        json.item(xad.getOtherDesignation().getValue()).end();
        json.put("city", xad.getCity().getValue());
        json.put("state", xad.getStateOrProvince().getValue());
        json.put("postal_code", xad.getZipOrPostalCode().getValue());
        json.put("country", xad.getCountry().getValue()).end();
    }

    private void appointment(SIU_S12 message, SCH sch, String patient)
            throws HL7Exception {
        String status = sch.getFillerStatusCode().getIdentifier().getValue();
        String ours = status == null ? null : STATUS.get(status.toLowerCase());

        if (ours == null)
            throw new HL7Exception("status");
        json.put("status", ours).put("status_raw", status);
        json.put("placer_id", sch.getPlacerAppointmentID().getEntityIdentifier().getValue());
        json.put("filler_id", sch.getFillerAppointmentID().getEntityIdentifier().getValue());
        json.put("patient_id", patient);
        times(message, sch);
        duration(sch);
        json.put("type", words(sch.getAppointmentType()));
        json.put("reason", words(sch.getAppointmentReason()));
        json.put("comment", comment(message));
        resources(message.getRESOURCES());
        PV1 pv1 = message.getPATIENT().getPV1();
        json.put("visit_number", pv1.getVisitNumber().getIDNumber().getValue());
    }

    private void times(SIU_S12 message, SCH sch) throws HL7Exception {
        if (message.getTQ1Reps() > 0) {
            json.put("start", moment(message.getTQ1().getStartDateTime()));
            json.put("end", moment(message.getTQ1().getEndDateTime()));
        } else {
            json.put("start", moment(sch.getAppointmentTimingQuantity(0).getStartDateTime()));
            json.put("end", moment(sch.getAppointmentTimingQuantity(0).getEndDateTime()));
        }
    }

    private void duration(SCH sch) {
        String amount = sch.getAppointmentDuration().getValue();
        String unit = sch.getAppointmentDurationUnits().getIdentifier().getValue();

        if (amount != null)
            json.put("duration_minutes",
                    (int) Math.rint(Double.parseDouble(amount) * MINUTES.get(unit.toUpperCase())));
    }

    private static String words(CE ce) {
        String text = ce.getText().getValue();

        return text == null ? ce.getIdentifier().getValue() : text;
    }

    private static String comment(SIU_S12 message) throws HL7Exception {
        StringBuilder all = new StringBuilder();

        for (NTE nte : message.getNTEAll()) {
            if (all.length() > 0)
                all.append('\n');
            // HAPI leaves the line break as it is.
            all.append(text(nte.getComment(0).getValue()).replace("\\.br\\", "\n"));
        }
        return all.length() == 0 ? null : all.toString();
    }

    private void resources(SIU_S12_RESOURCES group) throws HL7Exception {
        String first = null;

        if (group.getSERVICEReps() > 0)
            json.put("service_type",
                    words(group.getSERVICE().getAIS().getUniversalServiceIdentifier()));
        if (group.getPERSONNEL_RESOURCEReps() > 0)
            json.array("practitioner");
        for (int i = 0; i < group.getPERSONNEL_RESOURCEReps(); i++) {
            XCN who = group.getPERSONNEL_RESOURCE(i).getAIP().getPersonnelResourceID(0);
            String id = who.getIDNumber().getValue();
            json.object(null).put("id", id);
            if ("NPI".equals(who.getIdentifierTypeCode().getValue()))
                json.put("npi", id);
            json.put("display", display(who)).end();
            first = first == null ? id : first;
        }
        if (group.getPERSONNEL_RESOURCEReps() > 0)
            json.end().put("practitioner_id", first);
        if (group.getLOCATION_RESOURCEReps() > 0) {
            PL place = group.getLOCATION_RESOURCE().getAIL().getLocationResourceID(0);
            json.put("location_id", joined('/', place.getFacility().getNamespaceID().getValue(),
                    place.getPointOfCare().getValue(), place.getRoom().getValue(),
                    place.getBed().getValue()));
            json.put("room", place.getRoom().getValue());
        }
    }

    private static String display(XCN who) {
        return joined(' ', who.getPrefixEgDR().getValue(), who.getGivenName().getValue(),
                who.getSecondAndFurtherGivenNamesOrInitialsThereof().getValue(),
                who.getFamilyName().getSurname().getValue(), who.getSuffixEgJRorIII().getValue());
    }

    private static String joined(char glue, String... parts) {
        StringBuilder all = new StringBuilder();

        for (String part : parts) {
            if (part == null)
                continue;
            if (all.length() > 0)
                all.append(glue);
            all.append(part);
        }
        return all.length() == 0 ? null : all.toString();
    }

    /** Just enough of a JSON writer; what is null is left out. */
    private static final class Json {
        private final StringBuilder text = new StringBuilder();
        private final char[] ends = new char[16];
        private int depth;

        private Json key(String key) {
            if (text.length() > 0 && "{[".indexOf(text.charAt(text.length() - 1)) < 0)
                text.append(',');
            if (key != null) {
                quote(key);
                text.append(':');
            }
            return this;
        }

        Json object(String key) {
            key(key).text.append('{');
            ends[depth++] = '}';
            return this;
        }

        Json array(String key) {
            key(key).text.append('[');
            ends[depth++] = ']';
            return this;
        }

        Json end() {
            text.append(ends[--depth]);
            return this;
        }

        Json put(String key, String value) {
            if (value != null)
                key(key).quote(value);
            return this;
        }

        Json put(String key, int value) {
            key(key).text.append(value);
            return this;
        }

        Json item(String value) {
            return put(null, value);
        }

        void line(Writer out) throws IOException {
            out.append(text.append('\n'));
            text.setLength(0);
        }

        private void quote(String value) {
            text.append('"');
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c == '"' || c == '\\')
                    text.append('\\').append(c);
                else if (c == '\n')
                    text.append("\\n");
                else if (c < ' ')
                    text.append(String.format("\\u%04x", (int) c));
                else
                    text.append(c);
            }
            text.append('"');
        }
    }
}
