import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** A namenode and a datanode on free ports of this machine, until the process is ended. */
class Hdfs {
  public static void main(String[] args) throws Exception {
    var conf = new Configuration();
    conf.set("dfs.namenode.http-bind-host", "127.0.0.1");
    // Small blocks, so that files of tests span several.
    conf.setLong("dfs.blocksize", 4 << 20);
    var cluster = new MiniDFSCluster.Builder(conf, new File(args[0])).numDataNodes(1).build();
    cluster.waitActive();
    System.out.println("READY " + cluster.getURI());
    Thread.currentThread().join();
  }
}
