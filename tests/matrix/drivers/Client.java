// Java's HTTP: Client LIBRARY METHOD URL DESTINATION TIMEOUT BODYFILE KNOWN-URL
//
// HttpClient or HttpURLConnection. Sends one operation, then gets KNOWN-URL. Prints JSON: client, status
// or error, next. TIMEOUT in seconds, 0 is none; an empty DESTINATION or BODYFILE is none.
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

public final class Client {
    private static String next = "";

    private static int withHttpClient(String[] a, byte[] body) throws Exception {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(a[2])).method(a[1],
            body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        if (!a[3].isEmpty())
            request.header("Destination", a[3]);
        if (!a[4].equals("0"))
            request.timeout(Duration.ofSeconds(Long.parseLong(a[4])));
        int status = client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
        HttpRequest known = HttpRequest.newBuilder(URI.create(a[6])).build();
        next = client.send(known, HttpResponse.BodyHandlers.ofString()).body();
        return status;
    }

    private static int withUrlConnection(String[] a, byte[] body) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(a[2]).openConnection();
        connection.setRequestMethod(a[1]);
        connection.setReadTimeout(Integer.parseInt(a[4]) * 1000);
        if (body != null) {
            connection.setDoOutput(true);
            connection.getOutputStream().write(body);
        }
        int status = connection.getResponseCode();
        if (status < 400 && status != 204)
            connection.getInputStream().readAllBytes();
        try (InputStream in = new URL(a[6]).openStream()) {
            next = new String(in.readAllBytes());
        }
        return status;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + '"';
    }

    public static void main(String[] a) throws Exception {
        byte[] body = a[5].isEmpty() ? null : Files.readAllBytes(Path.of(a[5]));
        String result;
        try {
            int status = a[0].equals("HttpClient") ? withHttpClient(a, body) : withUrlConnection(a, body);
            result = "\"status\": " + status + ", \"next\": " + quoted(next);
        } catch (Exception error) {
            result = "\"error\": " + quoted(error.toString());
        }
        String client = "Java " + a[0] + " " + System.getProperty("java.version");
        System.out.println("{\"client\": " + quoted(client) + ", " + result + "}");
        System.exit(0);
    }
}
