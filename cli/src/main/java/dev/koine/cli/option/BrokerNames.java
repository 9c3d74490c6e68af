package dev.koine.cli.option;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names in a list of brokers. */
public final class BrokerNames {
    private static final Pattern ADDRESS = Pattern.compile("(?:[A-Za-z0-9_]+://)?\\[?([^\\]\\[/]*?)]?:([0-9]{1,5})");

    private BrokerNames() {}

    /** @throws IOException if one is written wrongly, or none is known */
    public static void require(String list) throws IOException {
        boolean isAnyKnown = false;
        for (String address : list.split(",")) {
            Matcher parts = ADDRESS.matcher(address.strip());
            if (!parts.matches()) {
                throw new IOException("'" + address.strip()
                        + "' is no address of a broker; write HOST:PORT, such as 127.0.0.1:9092.");
            }
            isAnyKnown |= isKnown(parts.group(1));
        }
        if (!isAnyKnown) {
            throw new IOException(
                    "The broker's name in '" + list
                            + "' is not known to this machine (DNS, /etc/hosts). Is --bootstrap-servers, or what stands for it, right?");
        }
    }

    private static boolean isKnown(String host) {
        try {
            return InetAddress.getAllByName(host).length > 0;
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
